// Does with generated modules what the tests ask for: one line of JSON in, one line of JSON out.
import { File } from "node:buffer";
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

/** A value as JSON text, bigints as the texts of their digits with an n. */
const written = (value) =>
  JSON.stringify(value, (_, each) =>
    typeof each === "bigint" ? `${each}n` : each,
  );

const clientOf = (module, { kind, ...options }) => new module[kind](options);

/** Asks the local ViewComfy for a fault, as a caller's own fetch could. */
const plainFetch = globalThis.fetch;
const askFor = (fault) => {
  globalThis.fetch = (url, init) =>
    plainFetch(url, {
      ...init,
      headers: { ...init.headers, "x-viewcomfy-fault": fault },
    });
};

/**
 * Has names resolve to other addresses, as on the internet: those that are looked at first, while
 * connections go to this machine.
 */
const plainLookup = dns.lookup;
const resolveAs = (addresses = {}) => {
  dns.lookup = (host, options, done) => {
    const address = addresses[host];
    if (address === undefined) {
      return plainLookup(host, options, done);
    }
    let seen = 0;
    const found = { family: 4 };
    Object.defineProperty(found, "address", {
      get: () => (seen++ ? "127.0.0.1" : address),
    });
    done(null, [found]);
  };
  syncBuiltinESMExports();
};

/** A file in each way that a caller may hold it. */
const FILES = {
  bytes: (bytes) => bytes,
  buffer: (bytes) => bytes.buffer,
  blob: (bytes) => new Blob([bytes], { type: "image/png" }),
  file: (bytes) => new File([bytes], "me.png", { type: "image/png" }),
};

/** How calls are read: with files at URLs, where `fetching` says how these are fetched. */
const readingOf = ({ RemoteFile }, fetching) =>
  fetching && { urls: (url) => new RemoteFile(url, fetching) };

const OPERATIONS = {
  validate: (module, { call, fetching }) =>
    module.validate(call, readingOf(module, fetching)),
  toWire: (module, { parameters }) => module.toWire(parameters).params,
  wire: (module, { call }) => {
    const { params, files } = module.toWire(module.parse(call));
    return { params, files: Object.keys(files) };
  },
  defaults: (module) => module.defaults,
  hostile: () => "hostile" in globalThis,
  roundTrip: async (module, { call, fetching }) => {
    const read = (text) => module.parse(text, readingOf(module, fetching));
    return module.toJSON(read(await module.toJSON(read(call))));
  },
  seeds: (module, { parameters, key, count }) =>
    Array.from({ length: count }, () =>
      String(module.toWire(parameters).params[key]),
    ),
  files: async (module, { property, of, base64 }) => {
    const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
    const wire = module.toWire({ [property]: FILES[of](bytes) });
    const [[key, { data, ...about }]] = Object.entries(wire.files);
    return { key, ...about, size: data.size };
  },
  stored: (module, { property, name }) =>
    module.toWire({ [property]: new module.Stored(name) }).params,
  run: async (
    module,
    { call, client, options = {}, abort, save, read, fetching },
  ) => {
    const logs = [];
    const steps = [];
    const warnings = [];
    const controller = new AbortController();
    if (abort !== undefined) {
      setTimeout(() => controller.abort(), abort * 1000);
    }
    const parameters = module.parse(call, readingOf(module, fetching));
    const result = await module.run(parameters, {
      client: clientOf(module, client),
      signal: controller.signal,
      onLog: (line) => logs.push(line),
      onProgress: (step) => steps.push(step),
      onWarning: (warning) => warnings.push(warning),
      ...options,
    });
    const outputs = [];
    for (const each of result.outputs) {
      const { filename, contentType, size, url } = each;
      const blob = read ? await each.blob() : undefined;
      outputs.push({ filename, contentType, size, url, read: blob?.size });
    }
    return {
      promptId: result.promptId,
      status: result.status,
      params: result.params,
      images: result.images.length,
      named: Object.fromEntries(
        Object.entries(Object.getOwnPropertyDescriptors(result))
          .filter(([, { get }]) => get)
          .map(([name]) => [name, result[name].map?.((each) => each.filename)]),
      ),
      outputs,
      logs,
      steps,
      warnings,
      saved: save ? await result.save(save) : undefined,
    };
  },
  job: async (module, { call, client, cancel }) => {
    const keeper = clientOf(module, client);
    const started = await module.submit(module.parse(call), { client: keeper });
    const job = module.job(started.promptId, { client: keeper });
    if (cancel) {
      await job.cancel();
    }
    const waiting = await job.status();
    const result = await job.result();
    return {
      waiting,
      status: await job.status(),
      outputs: result.outputs.length,
    };
  },
  facts: (module, { name, details }) => {
    const error = new module[name]("", undefined, details);
    const { retryable, mayHaveRun, publicMessage } = error;
    return { retryable, mayHaveRun, publicMessage };
  },
  withoutClient: (module, { call }) => module.run(module.parse(call), {}),
};

const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  const {
    module: path,
    operation,
    fault,
    addresses,
    ...given
  } = JSON.parse(line);
  globalThis.fetch = plainFetch;
  resolveAs(addresses);
  if (fault !== undefined) {
    askFor(fault);
  }
  let answer;
  try {
    const module = await import(pathToFileURL(path).href);
    answer = { value: await OPERATIONS[operation](module, given) };
  } catch (error) {
    const { name, message, publicMessage } = error;
    const text = String(error);
    answer = { error: { ...error, name, message, publicMessage, text } };
  }
  process.stdout.write(`${written(answer)}\n`);
}
