"""A web service with live progress; leaving cancels the run. Try: fastapi dev apps/service.py"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

from portrait import WORKFLOW, Parameters, Result, arun
from viewcomfy_runtime import Log, Progress, ViewComfyError, http_status

app = FastAPI(title="Portraits")


async def portrait_form(request: Request) -> AsyncIterator[Parameters]:
    """The call in a multipart form; its files stay open until the answer is sent."""
    async with request.form() as form:
        yield WORKFLOW.parse_texts(form)


Call = Annotated[Parameters, Depends(portrait_form)]


@app.exception_handler(ViewComfyError)
async def failed(request: Request, error: ViewComfyError) -> JSONResponse:
    """What the user may know; every fault of a call is in the message."""
    told = {"message": error.public_message, "retry": error.retryable}
    return JSONResponse(told, http_status(error))


@app.post("/portraits")
async def portrait(call: Call) -> StreamingResponse:
    """The portrait itself."""
    image = (await arun(call, timeout=300)).portrait[0]
    return StreamingResponse(image.achunks(), media_type=image.content_type)


@app.post("/portraits/live")
async def live(call: Call) -> StreamingResponse:
    """The run as server-sent events; when the client goes away, it is canceled."""
    return StreamingResponse(events(call), media_type="text/event-stream")


async def events(call: Parameters) -> AsyncIterator[str]:
    try:
        async for event in WORKFLOW.stream(call, timeout=300):
            match event:
                case Log(line):
                    yield f"event: log\ndata: {json.dumps(line)}\n\n"
                case Progress(value, total):
                    yield f"event: progress\ndata: {value / max(total, 1)}\n\n"
                case Result():
                    yield f"event: done\ndata: {json.dumps(event.prompt_id)}\n\n"
    except ViewComfyError as error:
        yield f"event: failed\ndata: {json.dumps(error.public_message)}\n\n"
