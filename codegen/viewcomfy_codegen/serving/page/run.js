// A run: the call as ViewComfy takes it, its events as they come, its end.

export async function run(url, { params, files }, signal, watch) {
  const body = new FormData();
  body.set("params", params);
  body.set("logs", "true");
  for (const [key, file] of files) body.set(key, file, file.name);
  const headers = { "x-viewcomfy-events": "all", "x-viewcomfy-results": "links" };
  try {
    const answer = await fetch(url, { method: "POST", body, headers, signal });
    if (answer.status !== 201) return refused(answer.status, await answer.json().catch(() => ({})));
    let result = null;
    let problem = "";
    for await (const { kind, data } of events(answer.body)) {
      if (kind === "log_message") watch.log(data);
      else if (kind === "progress") watch.progress(JSON.parse(data));
      else if (kind === "preview") watch.preview(JSON.parse(data));
      else if (kind === "error") problem = problemIn(data);
      else if (kind === "prompt_result") result = JSON.parse(data);
    }
    return ended(result, problem);
  } catch (error) {
    return { message: signal.aborted ? "Cancelled." : `The connection broke: ${error.message}` };
  }
}

function ended(result, problem) {
  if (!result) return { message: problem ? `Failed: ${problem}` : "The answer ended too early." };
  if (result.status !== "success") return { message: `Failed: ${problem || result.status}` };
  const count = result.outputs.length;
  const seconds = result.execution_time_seconds.toFixed(1);
  return {
    message: `Done in ${seconds} s: ${count} ${count === 1 ? "file" : "files"}.`,
    outputs: result.outputs,
  };
}

function refused(status, body) {
  if (status === 401)
    return { message: "Open the link that serve printed, which logs this browser in." };
  const faults = {};
  const nodes = body.errorDetails?.node_errors ?? {};
  for (const [node, { errors }] of Object.entries(nodes)) {
    for (const each of errors)
      faults[`${node}-inputs-${each.extra_info?.input_name ?? each.details}`] = each.message;
  }
  const reason = body.errorMsg ?? body.detail ?? "no reason was given";
  const details =
    typeof body.errorDetails === "string" && body.errorDetails ? `: ${body.errorDetails}` : "";
  return {
    message: `Refused (${status}): ${reason}${details}.`,
    faults,
  };
}

function problemIn(data) {
  try {
    const error = JSON.parse(data);
    const where = error.node_id ? `node ${error.node_id} (${error.node_type}): ` : "";
    return where + (error.exception_message ?? error.errorMsg ?? data);
  } catch {
    return data;
  }
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      let kind = "message";
      const data = [];
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) kind = line.slice(7);
        else if (line.startsWith("data: ")) data.push(line.slice(6));
      }
      if (data.length) yield { kind, data: data.join("\n") };
    }
  }
}
