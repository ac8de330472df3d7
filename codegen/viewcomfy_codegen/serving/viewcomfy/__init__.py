"""ViewComfy's own APIs: of single deployments, and of its gateway."""
