/** The format of generated modules that this runtime serves. */
const FORMAT = 1;

/** A workflow in ComfyUI's API format: its nodes by id. */
export type Graph = Readonly<Record<string, unknown>>;

/**
 * What a file parameter accepts: a Blob or File, its bytes, the text of a `data:` URI, or a file that the
 * server already has. Blobs are streamed where the platform can: `await openAsBlob("me.png")` in Node,
 * `Bun.file("me.png")` in Bun. A plain text is never a path.
 */
export type FileInput =
  Blob | ArrayBuffer | Uint8Array | Stored | `data:${string}`;

/** A file that the server already has, by the name that it has there: nothing is uploaded. */
export class Stored {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

// Errors

/** Where an error belongs to an answer or a run: the HTTP status, the run's prompt id. */
interface Details {
  readonly status: number | undefined;
  readonly promptId: string | undefined;
}

/**
 * Base of all errors of this module. `hint` says what to do about it, `status` is the HTTP status and
 * `promptId` the run, where there are any.
 */
export class ViewComfyError extends Error implements Partial<Details> {
  override readonly name: string = "ViewComfyError";
  declare readonly hint: string | undefined;
  declare readonly status: number | undefined;
  declare readonly promptId: string | undefined;

  constructor(message: string, hint?: string, details: object = {}) {
    super(printable(message));
    Object.assign(this, { hint, ...details });
  }

  override toString(): string {
    return `${this.name}: ${this.message}${this.hint ? `\nhint: ${this.hint}` : ""}`;
  }
}

/** An error class that is read and caught by this name, with fields of its own beside those of the base. */
type Kind<Fields> = new (
  message: string,
  hint?: string,
  details?: object,
) => ViewComfyError & Readonly<Fields>;

/** The name is written out, since minifiers shorten those of classes. */
const named = <Fields = object>(name: string): Kind<Fields> =>
  class extends ViewComfyError {
    override readonly name = name;
  } as unknown as Kind<Fields>;

/** A generated module that this version of the runtime cannot serve. */
export const IncompatibleModuleError = named("IncompatibleModuleError");
export type IncompatibleModuleError = InstanceType<
  typeof IncompatibleModuleError
>;

/**
 * One thing wrong with a call: the parameter, by the schema's name, and what it would have to be.
 * `property` is its name in `Parameters`.
 */
export interface Fault {
  readonly parameter: string;
  readonly property: string;
  readonly message: string;
}

/** A call that the workflow does not accept; `faults` lists all that is wrong. Nothing was sent. */
export const InvalidParametersError = named<{ faults: readonly Fault[] }>(
  "InvalidParametersError",
);
export type InvalidParametersError = InstanceType<
  typeof InvalidParametersError
>;

/** A workflow to run that is not valid, or that the call does not fit. Nothing was sent. */
export const InvalidWorkflowError = named("InvalidWorkflowError");
export type InvalidWorkflowError = InstanceType<typeof InvalidWorkflowError>;

/** The server or the credentials are missing or not valid. Nothing was sent. */
export const ConfigurationError = named("ConfigurationError");
export type ConfigurationError = InstanceType<typeof ConfigurationError>;

/** The server does not accept the credentials (401, 403). */
export const AuthenticationError = named("AuthenticationError");
export type AuthenticationError = InstanceType<typeof AuthenticationError>;

/** The deployment, the run or the file does not exist, or no longer does (404). */
export const NotFoundError = named("NotFoundError");
export type NotFoundError = InstanceType<typeof NotFoundError>;

/** An answer that may say when to try again: `retryAfter` is in seconds. */
interface Busy {
  retryAfter?: number | undefined;
}

/** Too many requests (429). */
export const RateLimitedError = named<Busy>("RateLimitedError");
export type RateLimitedError = InstanceType<typeof RateLimitedError>;

/** The server failed (5xx). */
export const ServerError = named<Busy>("ServerError");
export type ServerError = InstanceType<typeof ServerError>;

/** What ComfyUI finds wrong with one node: its id and class, the input where there is one, and why. */
export interface NodeFault {
  readonly node: string;
  readonly classType: string;
  readonly input: string;
  readonly message: string;
}

/** The server refused the call (another 4xx); `faults` are what it says of single nodes. */
export const RejectedError = named<{ faults: readonly NodeFault[] }>(
  "RejectedError",
);
export type RejectedError = InstanceType<typeof RejectedError>;

/** The workflow started and failed; `fault` says in which node, where the server does. */
export const ExecutionError = named<{ fault: NodeFault | undefined }>(
  "ExecutionError",
);
export type ExecutionError = InstanceType<typeof ExecutionError>;

/** The server cannot be reached, or the connection broke; `nothingSent` says that no byte of the call went out. */
export const ConnectionFailedError = named<{ nothingSent?: boolean }>(
  "ConnectionFailedError",
);
export type ConnectionFailedError = InstanceType<typeof ConnectionFailedError>;

/** The time allowed for the run is over. */
export const RunTimeoutError = named("RunTimeoutError");
export type RunTimeoutError = InstanceType<typeof RunTimeoutError>;

/** The run was cancelled, here or `atServer`. */
export const RunCancelledError = named<{ atServer?: boolean }>(
  "RunCancelledError",
);
export type RunCancelledError = InstanceType<typeof RunCancelledError>;

/** The server answered something that its protocol does not allow. */
export const ProtocolError = named("ProtocolError");
export type ProtocolError = InstanceType<typeof ProtocolError>;

/** Some of a result's files could not be saved; `saved` are the paths of those that were. */
export const SaveError = named<{ saved: readonly string[] }>("SaveError");
export type SaveError = InstanceType<typeof SaveError>;

/** A text as people may see it: without what a terminal obeys. */
const printable = (text: string): string =>
  text.replace(/(?![ \n\t\xa0\u202f\u3000\u200c]|\u200d)[\p{C}\p{Z}]/gu, "");

// JSON with all digits

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A list of JSON. */
export type JsonArray = readonly unknown[];

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value as JSON text, bigints by their digits. Throws for what JSON cannot say. */
function writeJson(value: unknown): string {
  if (typeof value === "bigint") {
    return String(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map(writeJson).join(", ")}]`;
  }
  if (isObject(value) && String(value) === "[object Object]") {
    const items = Object.entries(value).map(
      ([name, item]) => `${JSON.stringify(name)}: ${writeJson(item)}`,
    );
    return `{${items.join(", ")}}`;
  }
  if (typeof value === "number" && Number.isFinite(value)) {
    return numberText(value);
  }
  if (value === null || /^(string|boolean)$/.test(typeof value)) {
    return JSON.stringify(value);
  }
  throw new TypeError();
}

/** A number as Python has it. */
function numberText(value: number): string {
  return value && Math.abs(value) < 1e-4
    ? value.toExponential().replace(/-(\d)$/, "-0$1")
    : String(value);
}

/** The value of a JSON text, whole numbers past 2^53 as bigints. Throws for anything else. */
function readJson(text: string): unknown {
  if (!/\d{16}/.test(text)) {
    return JSON.parse(text);
  }
  // Long numbers pass through the parser as texts, in objects with a key of their own.
  let key = "n";
  while (text.includes(key)) {
    key += "n";
  }
  const marked = text.replace(
    /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/gs,
    (part) => (part[0] === '"' ? part : `{"${key}":"${part}"}`),
  );
  return JSON.parse(marked, (_, value: unknown) =>
    isObject(value) && key in value ? exact(BigInt(textOf(value[key]))) : value,
  );
}

/** A whole number; those past 2^53 are exact as a bigint alone. */
type Whole = number | bigint;

const isWhole = (value: unknown): value is Whole =>
  typeof value === "bigint" || Number.isInteger(value);

/** A whole number as people have it: a number where that is exact. */
const exact = (value: Whole): Whole =>
  Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value);

// What parameters accept

/** The JSON Schema of what a parameter takes. */
interface Taking {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly [{ readonly enum: readonly unknown[] }];
  readonly minimum?: Whole;
  readonly maximum?: Whole;
  readonly "x-viewcomfy-media"?: string;
}

/** The JSON Schema of a parameter. */
interface Schema extends Taking {
  readonly default?: unknown;
  readonly "x-viewcomfy-key": string | readonly string[];
  readonly "x-viewcomfy-seed"?: boolean;
  readonly "x-viewcomfy-branches"?: readonly Branch[];
}

/** What a parameter takes under some choices of others; a seed that `draws` is drawn there when it is null. */
interface Branch extends Taking {
  readonly when: Readonly<Record<string, readonly unknown[]>>;
  readonly draws?: boolean;
}

class Refused extends Error {}

function refuse(wanted: string, value: unknown): never {
  throw new Refused(`must be ${wanted}, not ${short(value)}`);
}

/** A value for a message, cut when long. */
function short(value: unknown): string {
  let text: string;
  try {
    text = writeJson(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
  const start = [...text.slice(0, 162)];
  return start.length <= 80 ? text : `${start.slice(0, 77).join("")}...`;
}

/** What each type of the schema is called, and which values have it. */
const CHECKS: Readonly<
  Record<string, readonly [string, (value: unknown) => boolean]>
> = {
  string: ["text", (value) => typeof value === "string"],
  integer: ["a whole number", isWhole],
  number: [
    "a finite number",
    (value) => isWhole(value) || Number.isFinite(value),
  ],
  boolean: ["true or false", (value) => typeof value === "boolean"],
  array: ["a list", Array.isArray],
  object: ["an object", isObject],
};

/** The value as it is sent for what takes this. Throws Refused. */
function accept(taking: Taking & Partial<Schema>, value: unknown): unknown {
  const [type = "", nullable] = [taking.type].flat();
  const options = optionsOf(taking);
  if (value === null && (nullable || taking["x-viewcomfy-branches"])) {
    return null;
  }
  if (taking["x-viewcomfy-media"]) {
    return file(value);
  }
  const open = taking.enum ? type : "string";
  const kind = options ? (isWhole(options[0]) ? "integer" : open) : type;
  const [wanted, holds] = CHECKS[kind] ?? [""];
  if (holds && !holds(value)) {
    refuse(wanted + (taking["x-viewcomfy-seed"] ? " or null" : ""), value);
  }
  let sent: unknown;
  try {
    sent = readJson(writeJson(value));
  } catch {
    refuse("a JSON value", value);
  }
  if (taking.enum && !options?.includes(sent)) {
    refuse(`one of ${options?.map(short).join(", ")}`, value);
  }
  const { minimum = -Infinity, maximum = Infinity } = taking;
  if ((sent as Whole) < minimum) {
    refuse(`at least ${short(minimum)}`, value);
  }
  if ((sent as Whole) > maximum) {
    refuse(`at most ${short(maximum)}`, value);
  }
  return sent;
}

function optionsOf(taking: Taking): readonly unknown[] | undefined {
  return (taking.enum ?? taking.anyOf?.[0].enum)?.filter(
    (each) => each !== null,
  );
}

/** What a field takes under the choices of a call, by the schema's names; all it ever takes where one is unknown. */
function branchOf(
  { schema, branches, selectors }: Field,
  values: JsonObject,
  schemas: Readonly<Record<string, Schema>>,
): Branch | undefined {
  const isKnown = (name: string): boolean =>
    values[name] === null ||
    (optionsOf(schemas[name] as Schema)?.includes(values[name]) ?? true);
  return (
    branches.find(({ when }) =>
      Object.entries(when).every(([name, keys]) => keys.includes(values[name])),
    ) ?? (selectors.every(isKnown) ? undefined : { ...schema, when: {} })
  );
}

/** Refuses a value that the choices of its call do not allow. Throws Refused. */
function place(
  { schema, branches }: Field,
  value: unknown,
  branch: Branch | undefined,
): void {
  if (value === null) {
    return;
  }
  if (branch) {
    const where = Object.keys(branch.when).length
      ? `, where ${spoken([branch])}`
      : "";
    const fault = faultOf(() => accept(branch, value));
    if (fault) {
      throw new Refused(fault + where);
    }
  } else if (writeJson(value) !== writeJson(schema.default ?? null)) {
    throw new Refused(`counts only where ${spoken(branches)}: leave it out`);
  }
}

/** The parameters whose choices tell the branches apart. */
const selectorsOf = (branches: readonly Branch[]): string[] => [
  ...new Set(branches.flatMap(({ when }) => Object.keys(when))),
];

/** The choices under which one of the branches holds, for people. */
function spoken(branches: readonly Branch[]): string {
  const [name = "", ...others] = selectorsOf(branches);
  const all = branches.flatMap(({ when }) => when[name] ?? []);
  const choices = others.length
    ? branches.map(({ when }) => when)
    : [{ [name]: [...new Set(all)] }];
  return choices
    .map((when) =>
      Object.entries(when)
        .map(([name, keys]) => `${name} is ${either(keys)}`)
        .join(" and "),
    )
    .join(", or where ");
}

function either(keys: readonly unknown[]): string {
  const quoted = keys.map((key) => `"${key}"`);
  if (quoted.length > 4) {
    quoted.splice(3, Infinity, `one of ${keys.length - 3} others`);
  }
  const last = quoted.pop();
  return quoted.length ? `${quoted.join(", ")} or ${last}` : `${last}`;
}

function file(value: unknown): FileInput {
  const isText = typeof value === "string";
  if (isText && !value.startsWith("data:")) {
    throw new Refused(
      `a plain text must be a data: URI, never a path; pass a Blob for ${short(value)}`,
    );
  }
  return isText ||
    [Blob, ArrayBuffer, Uint8Array, Stored].some(
      (kind) => value instanceof kind,
    )
    ? (value as FileInput)
    : refuse(
        "a file (Blob, ArrayBuffer, Uint8Array, Stored or data: URI)",
        value,
      );
}

/** How much two texts are alike, from 0 to 1: twice what they share, over both lengths. */
function likeness(one: string, other: string): number {
  const shared = (a: string, b: string): number => {
    let [length, i, j] = [0, 0, 0];
    let above: number[] = [];
    for (let x = 1; x <= a.length; x++) {
      const row: number[] = [];
      for (let y = 1; y <= b.length; y++) {
        const run = a[x - 1] === b[y - 1] ? (above[y - 1] ?? 0) + 1 : 0;
        row[y] = run;
        if (run > length) {
          [length, i, j] = [run, x, y];
        }
      }
      above = row;
    }
    return (
      length &&
      length +
        shared(a.slice(0, i - length), b.slice(0, j - length)) +
        shared(a.slice(i), b.slice(j))
    );
  };
  const both = one.length + other.length;
  return both > 250 ? 0 : (2 * shared(one, other)) / both;
}

/** The name that somebody meant, if any is near. */
const nearest = (name: string, known: readonly string[]): string | undefined =>
  known
    .map((each) => ({ each, alike: likeness(each, name) }))
    .filter(({ alike }) => alike >= 0.6)
    .sort((a, b) => b.alike - a.alike || (a.each < b.each ? 1 : -1))[0]?.each;

// Files on their way in

/** A file as it is sent. */
export interface Upload {
  readonly data: Blob;
  readonly filename: string;
  readonly contentType: string;
}

const UNKNOWN = "application/octet-stream";

/** MIME types by the ends of file names; of several the first is the usual end. */
const TYPES = new Map(
  Object.entries({
    png: "image/png",
    jpg: "image/jpeg",
    jpeg: "image/jpeg",
    gif: "image/gif",
    webp: "image/webp",
    mp4: "video/mp4",
    webm: "video/webm",
    mov: "video/quicktime",
    wav: "audio/wav",
    mp3: "audio/mpeg",
    flac: "audio/flac",
    ogg: "audio/ogg",
    m4a: "audio/mp4",
    glb: "model/gltf-binary",
    txt: "text/plain",
    json: "application/json",
  }),
);

/** The MIME type that a file name's end stands for. */
const typeOf = (filename: string): string =>
  TYPES.get(filename.toLowerCase().replace(/^.*\./s, "")) ?? UNKNOWN;

function extensionOf(contentType: string): string {
  const found = [...TYPES].find(([, type]) => type === contentType);
  return found ? `.${found[0]}` : "";
}

/** What files begin with, by their usual end. */
const SIGNATURES: Readonly<Record<string, RegExp>> = {
  png: /^\x89PNG\r\n/,
  jpg: /^\xff\xd8\xff/,
  gif: /^GIF8/,
  webp: /^.{8}WEBP/s,
  wav: /^.{8}WAVE/s,
  mp4: /^.{4}ftyp/s,
  webm: /^.E\xdf\xa3/s,
  ogg: /^OggS/,
  flac: /^fLaC/,
  mp3: /^ID3/,
  glb: /^glTF/,
};

/** The file with a name and a MIME type; `name` is the stem for data without a name. Throws Refused. */
function uploadOf(value: Exclude<FileInput, Stored>, name: string): Upload {
  let data = value as Blob;
  if (!(data instanceof Blob)) {
    const [bytes, said] =
      typeof value === "string"
        ? fromDataUri(value)
        : [new Uint8Array(value as ArrayBuffer)];
    const start = String.fromCharCode(...bytes.subarray(0, 16));
    const [end = ""] =
      Object.entries(SIGNATURES).find(([, begin]) => begin.test(start)) ?? [];
    data = blobOf([bytes], said ?? typeOf(end));
  }
  const { type, name: own } = data as Partial<File>;
  const filename = own ? basename(own) : name + extensionOf(type ?? "");
  if (!data.size) {
    throw new Refused(`the file ${filename} can't be sent: it is empty`);
  }
  return { data, filename, contentType: type || typeOf(filename) };
}

const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, "_");

const basename = (path: string): string =>
  wellFormed(path).replace(/^.*[/\\]/s, "");

/** The pieces as a Blob, which newer compilers want to be of ArrayBuffers alone. */
const blobOf = (bytes: Uint8Array[], type: string): Blob =>
  new Blob(bytes as ConstructorParameters<typeof Blob>[0] & object, {
    type,
  });

function fromDataUri(uri: string): [bytes: Uint8Array, type?: string] {
  const [, type, base64, payload] =
    /^data:\s*([\w.+-]+\/[\w.+-]+)?[^,]*?(;\s*base64\s*)?,(.*)/s.exec(uri) ??
    [];
  if (payload === undefined) {
    throw new Refused(
      "the data: URI has no comma between its type and its data",
    );
  }
  const binary = wellFormed(payload)
    .replace(/\P{ASCII}+/gu, encodeURIComponent)
    .replace(/%([\da-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(parseInt(hex, 16)),
    );
  try {
    const bytes = base64 ? fromBase64(binary) : bytesOf(binary);
    return type ? [bytes, type] : [bytes];
  } catch {
    throw new Refused("the data: URI isn't valid base64");
  }
}

function bytesOf(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) {
    bytes[i] = binary.charCodeAt(i);
  }
  return bytes;
}

/** The bytes in base64. Throws where it is broken. */
function fromBase64(text: string): Uint8Array {
  if (/\s/.test(text) || text.length % 4) {
    throw new TypeError();
  }
  return bytesOf(atob(text));
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let place = 0; place < bytes.length; place += 4096) {
    binary += String.fromCharCode(...bytes.subarray(place, place + 4096));
  }
  return btoa(binary);
}

// HTTP

/** Seconds that ViewComfy lets a run take, and the default timeout. */
const LONGEST_RUN = 2400;
/** Seconds for what is not a run: a status, a cancellation. */
const SHORT = 120;
const RETRIES = 3;
/** A deployment on a serverless platform answers a long run with a redirect every few minutes. */
const MOST_REDIRECTS = 100;
/** Characters of one answer: what a string can hold on every platform. */
const LARGEST = 2 ** 29 - 2 ** 16;
const MOST_LOGS = 10_000;
const ENDPOINT = "check that the URL is the deployment's endpoint";
const LOGS = "look at the deployment's logs";

/** Whether this is Node, Deno or Bun: with a disk, and where redirects can be followed by hand. */
const SERVER =
  "Deno" in globalThis ||
  !!(globalThis as { process?: { versions?: { node?: string } } }).process
    ?.versions?.node;

/** How long something may take, in seconds, and what ends it before. */
export interface Limits {
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One time limit over a whole call, which `signal` ends early. */
interface Deadline {
  readonly signal: AbortSignal;
  /** In milliseconds since 1970. */
  readonly end: number;
}

/** Does the work under one time limit. */
async function limited<T>(
  { timeout, signal }: Limits,
  seconds: number,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const most = timeout ?? seconds;
  const controller = new AbortController();
  const cancel = (): void => {
    controller.abort(new RunCancelledError("the call was cancelled"));
  };
  const expire = (): void => {
    controller.abort(
      new RunTimeoutError(
        `the run took longer than ${most} s`,
        "pass a larger timeout",
      ),
    );
  };
  const timer = setTimeout(expire, Math.min(most * 1000, 2 ** 31 - 1));
  signal?.addEventListener("abort", cancel);
  try {
    if (signal?.aborted) {
      cancel();
    }
    controller.signal.throwIfAborted();
    const end = Date.now() + most * 1000;
    return await work({ signal: controller.signal, end });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
  }
}

async function sleep(seconds: number, { signal }: Deadline): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    signal.addEventListener("abort", done);
  });
  signal.throwIfAborted();
}

function isUrl(url: string): boolean {
  try {
    return /^https?:\/\/\S+$/.test(url) && new URL(url).host !== "";
  } catch {
    return false;
  }
}

/** A URL's scheme and host: all of it that may be shown, since its path may be signed. */
const hostOf = (url: string): string => new URL(url).origin;

/** Whether what was meant for one server may go to another: the same host, and never in the clear after TLS. */
function sameHost(origin: string, target: string): boolean {
  const [one, other] = [new URL(origin), new URL(target)];
  return (
    one.host === other.host &&
    (one.protocol === other.protocol || other.protocol === "https:")
  );
}

/** What the action gives; what the platform throws becomes this module's error. */
async function attempt<T>(
  action: () => Promise<T>,
  url: string,
  { signal }: Deadline,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    signal.throwIfAborted();
    const { cause, code, message } = error as Thrown;
    // The messages may quote the URL, which may be signed.
    const reason = textOf(cause?.code ?? code);
    const words = [reason, message, cause?.message].join();
    throw new ConnectionFailedError(
      `the connection to ${hostOf(url)} failed${reason && `: ${reason}`}`,
      "check the URL, the network and that the server is up",
      { nothingSent: /(ECONN|connection )refused/i.test(words) },
    );
  }
}

/** What the platforms throw where a connection fails. */
interface Thrown {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: Thrown;
}

/** Hands over the content of an answer as it arrives, until `sink` says that it has enough. */
async function pour(
  response: Response,
  deadline: Deadline,
  sink: (piece: Uint8Array) => unknown,
): Promise<void> {
  const reader = response.body?.getReader();
  try {
    while (reader) {
      const { done, value } = await attempt(
        () => reader.read(),
        response.url,
        deadline,
      );
      if (done || (await sink(value))) {
        break;
      }
    }
  } finally {
    reader?.cancel().catch(ignore);
  }
}

function ignore(): void {
  // What fails here changes nothing any more.
}

/** The content as text; no more than its start where that is long. */
async function content(
  response: Response,
  deadline: Deadline,
  most = LARGEST,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  await pour(response, deadline, (piece) => {
    text += decoder.decode(piece, { stream: true });
    return text.length > most;
  });
  return text;
}

interface Request {
  readonly body?: FormData | string;
  readonly accept?: string;
  /** Whether it may be sent again after a broken connection. */
  readonly repeatable?: boolean;
}

/** A server as one client talks to it. */
class Http {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>> = {};
  readonly #secret: string = "";

  constructor(url: string, credentials?: Credentials) {
    if (!isUrl(url)) {
      throw new ConfigurationError(
        "not a valid server URL",
        "give the whole URL, with https:// (ViewComfy's dashboard shows a deployment's)",
      );
    }
    this.url = url;
    if (credentials) {
      const { clientId = "", clientSecret = "", token } = credentials;
      this.#secret = token ?? clientSecret;
      this.#headers =
        token === undefined
          ? { client_id: clientId, client_secret: clientSecret }
          : { Authorization: `Bearer ${token}` };
    }
    for (const [name, value] of Object.entries(this.#headers)) {
      if (!/^[!-~]([ -~]*[!-~])?$/.test(value)) {
        throw new ConfigurationError(
          `the ${name} is empty or contains characters that no ${name} has`,
          "copy the client id and secret from ViewComfy's dashboard, under API keys",
        );
      }
    }
  }

  get host(): string {
    return hostOf(this.url);
  }

  /** A text without the secret, which some servers repeat. */
  redacted(text: string): string {
    return this.#secret ? text.split(this.#secret).join("***") : text;
  }

  /**
   * The good answer to a request, redirects followed. Where nothing can have been done yet (refused, 429,
   * 503) it is sent again after a pause. Throws ViewComfyError.
   */
  async answer(
    path: string,
    deadline: Deadline,
    request: Request = {},
  ): Promise<Response> {
    const { repeatable = !request.body } = request;
    // What may be sent again is, for half a minute: a server may restart.
    for (let left = repeatable ? 6 : 3, wait = 0.5; ; left--) {
      try {
        return await this.#sent(this.url + path, deadline, request);
      } catch (error) {
        const failed = error as Refusal;
        const { status = 0 } = failed;
        const again =
          failed.nothingSent ||
          status === 429 ||
          status === 503 ||
          (repeatable && (status >= 500 || failed.nothingSent === false));
        wait = failed.retryAfter ?? wait * (1.5 + Math.random() / 2);
        const most = Math.min(60, (deadline.end - Date.now()) / 1000);
        if (!again || !left || wait > most) {
          throw error;
        }
      }
      await sleep(wait, deadline);
    }
  }

  async json(
    path: string,
    deadline: Deadline,
    request?: Request,
  ): Promise<unknown> {
    return this.parsed(
      await content(await this.answer(path, deadline, request), deadline),
    );
  }

  parsed(text: string): unknown {
    try {
      return readJson(text);
    } catch {
      throw new ProtocolError(
        `${this.host} answered with something other than JSON`,
        ENDPOINT,
      );
    }
  }

  async #sent(
    url: string,
    deadline: Deadline,
    { body, accept = "*/*" }: Request,
  ): Promise<Response> {
    let current = url;
    for (let left = MOST_REDIRECTS; left; left--) {
      const atHome = sameHost(url, current);
      if (body && !atHome) {
        throw new ProtocolError(
          `${this.host} redirects the call to ${hostOf(current)}`,
          "if you trust that server, use its own URL; nothing was sent there",
        );
      }
      const response = await attempt(
        () =>
          fetch(current, {
            method: body ? "POST" : "GET",
            headers: {
              Accept: accept,
              ...(typeof body === "string" && {
                "Content-Type": "application/json",
              }),
              ...(atHome && this.#headers),
            },
            body: body ?? null,
            redirect: SERVER ? "manual" : "follow",
            credentials: "omit",
            referrerPolicy: "no-referrer",
            signal: deadline.signal,
          }),
        current,
        deadline,
      );
      const { status } = response;
      const target = response.headers.get("location");
      if (status === 200 || status === 201) {
        return response;
      }
      if (!target || status < 300 || status > 399) {
        // Of a long refusal the start, of one that breaks off nothing.
        const said = await content(response, deadline, 1 << 16).catch(() => "");
        deadline.signal.throwIfAborted();
        throw errorOf(response, this.redacted(said));
      }
      response.body?.cancel().catch(ignore);
      current = new URL(target, current).href;
      body = status < 307 ? undefined : body;
    }
    throw new ProtocolError(`${this.host} keeps redirecting`, "check the URL");
  }
}

/** What the errors of a request may say of it. */
interface Refusal {
  readonly status?: number;
  readonly retryAfter?: number;
  readonly nothingSent?: boolean;
}

/** Seconds that the server asks to wait, which it may give as a number or as a date. */
function retryAfter({ headers }: Response): number | undefined {
  const asked = headers.get("retry-after") ?? "";
  const seconds = /^\d+$/.test(asked)
    ? Number(asked)
    : (Date.parse(asked) - Date.now()) / 1000;
  return seconds >= 0 ? seconds : undefined;
}

// What a server says

const NOT_ACCEPTED = [
  AuthenticationError,
  "doesn't accept the credentials",
  "check the client id and secret against ViewComfy's dashboard",
] as const;

/** An error class, whatever its fields are. */
type AnyKind = new (
  ...given: ConstructorParameters<typeof ViewComfyError>
) => ViewComfyError;

/** The errors that answers stand for: by their status, else by its first digit. */
const REFUSALS: Readonly<Record<number, readonly [AnyKind, string, string]>> = {
  401: NOT_ACCEPTED,
  403: NOT_ACCEPTED,
  404: [
    NotFoundError,
    "has nothing at this URL",
    "copy the endpoint's URL from ViewComfy's dashboard",
  ],
  413: [
    RejectedError,
    "doesn't accept a call this large",
    "send smaller files",
  ],
  429: [
    RateLimitedError,
    "is getting too many requests",
    "wait a moment and try again, or send fewer at a time",
  ],
  4: [
    RejectedError,
    "rejected the call",
    "check the values; if the deployed workflow changed, generate the module again",
  ],
  5: [ServerError, "failed", `try again later; if the error persists, ${LOGS}`],
};

function errorOf(response: Response, text: string): ViewComfyError {
  const { status, url } = response;
  const body = bodyOf(text);
  const faults = nodeFaults(body);
  const [Refusal, what, hint] = REFUSALS[status] ??
    REFUSALS[Math.floor(status / 100)] ?? [
      ProtocolError,
      "answered with an unexpected status",
      ENDPOINT,
    ];
  const words = plain(said(body));
  const lines = listed(faults.map(faultText), 10).map((each) => `\n  ${each}`);
  return new Refusal(
    `${hostOf(url)} ${what} (${status})${words && `: ${words}`}${lines.join("")}`,
    hint,
    { status, faults, retryAfter: retryAfter(response) },
  );
}

function faultText({ node, classType, input, message }: NodeFault): string {
  const about = classType && ` (${classType})`;
  const place = input && `, inputs.${input}`;
  return `node ${node}${about}${place}: ${message}`;
}

function executionError(details: unknown, promptId?: string): ExecutionError {
  const body = typeof details === "string" ? bodyOf(details) : details;
  let reason = plain(said(body) || (body ? short(body) : ""));
  let fault: NodeFault | undefined;
  if (isObject(body) && "exception_message" in body) {
    fault = {
      node: textOf(body["node_id"]) || "?",
      classType: textOf(body["node_type"]),
      input: "",
      message: plain(textOf(body["exception_message"])),
    };
    reason = faultText(fault);
  }
  return new ExecutionError(
    `the workflow failed: ${reason || "the server gave no reason"}`,
    LOGS,
    { promptId, fault },
  );
}

const textOf = (value: unknown): string =>
  typeof value === "string" || isWhole(value) ? String(value) : "";

const plain = (words: string): string =>
  words.trim().replace(/\s+/g, " ").slice(0, 500);

/** What ComfyUI found wrong in single inputs, wherever in the answer `node_errors` stand. */
function nodeFaults(body: unknown, depth = 6): NodeFault[] {
  if (typeof body === "string" && body.includes("node_errors")) {
    body = bodyOf(body);
  }
  if (!isObject(body) || !depth) {
    return [];
  }
  const found = body["node_errors"];
  if (!isObject(found)) {
    return Object.values(body).flatMap((each) => nodeFaults(each, depth - 1));
  }
  return Object.entries(found).flatMap(([node, about]) => {
    const { errors, class_type }: JsonObject = isObject(about) ? about : {};
    return [errors]
      .flat()
      .filter(isObject)
      .map(({ message, details, extra_info }) => ({
        node,
        classType: textOf(class_type),
        input: isObject(extra_info) ? textOf(extra_info["input_name"]) : "",
        message: said({ message, details }),
      }));
  });
}

/** The JSON of an answer, else its text, of a page only the title. */
function bodyOf(text: string): unknown {
  try {
    return readJson(text);
  } catch {
    const [, title = ""] = /<title[^<>]*>([^<]*)/i.exec(text) ?? [];
    return /^\s*</.test(text) ? title : text;
  }
}

/** What an answer says: ViewComfy's form, FastAPI's, ComfyUI's or plain text. */
function said(body: unknown, depth = 6): string {
  if (typeof body === "string") {
    return body;
  }
  if (!depth || typeof body !== "object" || body === null) {
    return "";
  }
  const list = Array.isArray(body);
  const parts: unknown[] = list
    ? body
    : "errorMsg errorDetails detail message msg error details"
        .split(" ")
        .map((name) => (body as JsonObject)[name]);
  const words = parts.map((each) => said(each, depth - 1)).filter(Boolean);
  return list ? words.join("; ") : [...new Set(words)].join(": ");
}

/** Reads server-sent events as they arrive, until `emit` has had enough; one that is cut off at the end is dropped. */
function eventReader(
  emit: (type: string, data: string) => boolean,
): (piece: Uint8Array) => boolean {
  const decoder = new TextDecoder();
  let type = "";
  let data: string[] = [];
  let partial = "";
  let afterCr = false;
  let size = 0;
  return (piece) => {
    const text = decoder.decode(piece, { stream: true });
    size += text.length;
    if (size > LARGEST) {
      throw new ProtocolError("the server sent an event without an end");
    }
    const lines = (afterCr ? text.replace(/^\n/, "") : text).split(/\r\n?|\n/);
    afterCr = text ? text.endsWith("\r") : afterCr;
    lines[0] = partial + lines[0];
    partial = lines.pop() ?? "";
    return lines.some((line) => {
      const [, field, value = ""] =
        /^(data|event)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === "data") {
        data.push(value);
      } else if (field) {
        type = value;
      } else if (!line) {
        const enough = data.length > 0 && emit(type, data.join("\n"));
        type = "";
        data = [];
        size = 0;
        return enough;
      }
      return false;
    });
  };
}

// What a run gives

/** How far a node has come: `value` of `total` steps. */
export interface Progress {
  readonly value: number;
  readonly total: number;
}

/** A server's object under one spelling of its names. */
const camelCased = (about: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(about).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );

/** A file that a run made; its content is fetched or decoded when it is asked for. */
export class OutputFile {
  declare readonly filename: string;
  declare readonly contentType: string;
  /** In bytes, where the server said. */
  declare readonly size: number | undefined;
  /** Where the file can be fetched, for a while, where its content did not come along. */
  declare readonly url: string | undefined;
  /** Whatever else the server said of it. */
  declare readonly extra: JsonObject;
  /** The id of the node that made it, where that can be told. */
  declare readonly node: string | undefined;
  readonly #data: unknown;

  constructor(about: JsonObject, asked: Asked) {
    const { filename, contentType, size, data, filepath, ...extra } =
      camelCased(about);
    this.filename = textOf(filename) || "output";
    this.contentType = textOf(contentType) || typeOf(this.filename);
    this.size = isWhole(size) ? Number(size) : undefined;
    const link = textOf(filepath);
    this.url = isUrl(link) ? link : undefined;
    this.extra = extra;
    this.node = makerOf(this, asked);
    this.#data = data;
  }

  /** The content as a Blob of its type. Throws ViewComfyError where it cannot be had. */
  async blob(limits?: Limits): Promise<Blob> {
    const found: Uint8Array[] = [];
    await this.#pour(limits, (piece) => {
      found.push(piece);
    });
    return blobOf(found, this.contentType);
  }

  /** The content as text in UTF-8. Throws ViewComfyError where it cannot be had. */
  async text(limits?: Limits): Promise<string> {
    return (await this.blob(limits)).text();
  }

  /**
   * Write the file into a folder, which is made if need be, and return its path; in Node, Deno and Bun.
   *
   * Never leaves the folder and never overwrites: a name that is taken gets a number. The file appears when
   * it is complete. Throws ViewComfyError where the content cannot be had, the platform's own error where it
   * cannot be written.
   */
  async save(directory: string, limits?: Limits): Promise<string> {
    const disk = await openDisk(directory);
    const temporary = `${directory}/.viewcomfy-${randomHex(16)}.part`;
    try {
      const file = await disk.open(temporary, "wx");
      await this.#pour(limits, (piece) => file.writeFile(piece)).finally(() =>
        file.close(),
      );
      const name = safeName(this.filename, this.contentType);
      return await placed(disk, temporary, directory, name);
    } finally {
      await disk.unlink(temporary).catch(ignore);
    }
  }

  async #pour(
    limits: Limits = {},
    sink: (piece: Uint8Array) => unknown,
  ): Promise<void> {
    const { filename, url, size } = this;
    let data = this.#data;
    if (typeof data === "string") {
      try {
        data = fromBase64(data.replace(/^data:[^,]{0,200},/, ""));
      } catch {
        throw new ProtocolError(
          `${filename} arrived as broken base64`,
          "run it again",
        );
      }
    }
    if (data instanceof Uint8Array) {
      await sink(data);
      return;
    }
    if (!url) {
      throw new ProtocolError(`the server sent no content for ${filename}`);
    }
    await limited(limits, LONGEST_RUN, async (deadline) => {
      let received = 0;
      try {
        const response = await new Http(url).answer("", deadline);
        await pour(response, deadline, (piece) => {
          received += piece.length;
          return sink(piece);
        });
      } catch (error) {
        const { status = 0 } = error as { status?: number };
        throw [401, 403, 404, 410].includes(status)
          ? new NotFoundError(
              `the server no longer has ${filename} (${status})`,
              "links to results expire: save them soon after the run, or run it again",
              { status },
            )
          : error;
      }
      if (received !== (size ?? received)) {
        throw new ConnectionFailedError(
          `${filename} has ${size} bytes, but ${received} arrived`,
          "save it again",
        );
      }
    });
  }
}

/** A node that a workflow runs for, as the schema's `x-viewcomfy-outputs` describes it. */
interface OutputNode {
  readonly node: string;
  readonly kind?: string;
  readonly prefix?: string;
  readonly prefix_input?: string;
}

/** The values of a call, and the nodes that make its files. */
export interface Asked {
  readonly params: JsonObject;
  readonly outputs?: readonly OutputNode[];
}

/** What a run made and how it went, whatever workflow it was. */
export class PromptResult {
  declare readonly promptId: string;
  declare readonly status: string;
  declare readonly completed: boolean;
  declare readonly executionTimeSeconds: number | undefined;
  /** The files that the run made. */
  declare readonly outputs: readonly OutputFile[];
  /** The workflow that ran: its nodes by id. */
  declare readonly prompt: Graph;
  /** The values that were sent, by wire key, with the seed that was drawn. */
  declare readonly params: JsonObject;
  /** The last lines that the server wrote, where it streamed them. */
  declare readonly logs: readonly string[];
  /** Whatever else the server said. */
  declare readonly extra: JsonObject;

  constructor(answer: unknown, asked: Asked, logs: readonly string[] = []) {
    const {
      promptId,
      status,
      completed,
      executionTimeSeconds,
      outputs,
      prompt,
      errorData,
      ...extra
    } = camelCased(isObject(answer) ? answer : {});
    if ((promptId ?? status ?? completed ?? outputs) === undefined) {
      throw new ProtocolError(
        "the server's answer isn't the result of a run",
        ENDPOINT,
      );
    }
    // ComfyUI's history has the workflow third in a list.
    const ran: unknown = Array.isArray(prompt) ? prompt[2] : prompt;
    Object.assign(this, {
      promptId: textOf(promptId),
      status: textOf(status),
      completed: completed !== false,
      executionTimeSeconds: Number.isFinite(executionTimeSeconds)
        ? executionTimeSeconds
        : undefined,
      outputs: [outputs]
        .flat()
        .flatMap((each) =>
          isObject(each)
            ? new OutputFile(each, asked)
            : typeof each === "string"
              ? new OutputFile(textFile(each), asked)
              : [],
        ),
      prompt: isObject(ran) ? ran : {},
      params: asked.params,
      logs,
      extra,
    });
    failIfFailed(this, errorData || extra["errorMsg"]);
  }

  /** The outputs that are images. */
  get images(): OutputFile[] {
    return this.outputs.filter((each) => each.contentType.startsWith("image/"));
  }

  /** The files that the node with this id made. */
  of(node: string): OutputFile[] {
    return this.outputs.filter((each) => each.node === node);
  }

  /** The texts that the node with this id made. */
  textsOf(node: string): Promise<string[]> {
    return Promise.all(this.of(node).map((each) => each.text()));
  }

  /**
   * Write all outputs into a folder, as `OutputFile.save` does, and return their paths. Throws SaveError,
   * after the others were saved, naming those that could not be had or written.
   */
  async save(directory: string, limits?: Limits): Promise<string[]> {
    await openDisk(directory);
    const saved: string[] = [];
    let failed = "";
    for (const output of this.outputs) {
      try {
        saved.push(await output.save(directory, limits));
      } catch (error) {
        failed += `\n${output.filename}: ${(error as Error).message}`;
      }
    }
    if (failed) {
      throw new SaveError(
        `not all files could be saved${failed}`,
        "the result is still there: save it again, perhaps elsewhere",
        { saved },
      );
    }
    return saved;
  }
}

function textFile(text: string): JsonObject {
  const data = new TextEncoder().encode(text);
  return { filename: "output.txt", size: data.length, data };
}

function failIfFailed(
  { status, completed, promptId }: PromptResult,
  details: unknown,
): void {
  if (CANCELLED.test(status)) {
    throw new RunCancelledError(
      "the run was cancelled at the server",
      undefined,
      { atServer: true, promptId },
    );
  }
  if (/^(error|fail(ed|ure))$/i.test(status) || (details && !completed)) {
    throw executionError(details, promptId);
  }
  if (!completed && status !== "success") {
    throw executionError(
      `the answer came before the run was over, with the status '${status}'`,
      promptId,
    );
  }
}

const CANCELLED = /^(cancell?ed|interrupted)$/i;

/** The node that made a file, where that can be told: by its prefix, else by its kind. */
function makerOf(
  { filename, contentType }: OutputFile,
  { params, outputs = [] }: Asked,
): string | undefined {
  const lengths = outputs.map(({ node, prefix, prefix_input }) => {
    const sent = textOf(params[`${node}-inputs-${prefix_input}`]);
    // Folders are not part of a file's name, and what ComfyUI fills in (%date%) is not known.
    const start = (sent || prefix || "").replace(/^.*[/\\]|%.*$/gs, "");
    return filename.startsWith(start) ? start.length : 0;
  });
  const longest = Math.max(...lengths);
  const nearest = outputs.filter((_, place) => lengths[place] === longest);
  const alike = nearest.filter(
    ({ kind }) => kind === contentType.split("/")[0],
  );
  const [maker, second] = longest && nearest.length === 1 ? nearest : alike;
  return second ? undefined : maker?.node;
}

// Files on their way out

/** What is used of the platform's file system. */
interface Disk {
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  open(
    path: string,
    flags: string,
  ): Promise<{
    writeFile(data: Uint8Array): Promise<void>;
    close(): Promise<void>;
  }>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
}

async function openDisk(directory: string): Promise<Disk> {
  if (!SERVER) {
    throw new ConfigurationError(
      "there are no folders to save to here",
      "blob() gives a file's content",
    );
  }
  // Not as a literal, which bundlers for browsers would look for.
  const name = "node:fs/promises";
  const disk = (await import(
    /* @vite-ignore */ /* webpackIgnore: true */ name
  )) as Disk;
  await disk.mkdir(directory, { recursive: true });
  return disk;
}

/** A file name from a server as a name within a folder on any system: no path, no device, not too long. */
function safeName(filename: string, contentType: string): string {
  const plain = basename(filename).replace(/[\p{Cc}<>:"|?*]/gu, (char) =>
    char > "\x7f" ? "" : "_",
  );
  let name = printable(plain).replace(/^ +|[ .]+$/g, "");
  if (/^\.*$/.test(name)) {
    name = `output${extensionOf(contentType)}`;
  }
  if (
    /^(con|prn|aux|nul|(com|lpt)[0-9¹²³]|con(in|out)\$) *(\.|$)/i.test(name)
  ) {
    name = `_${name}`;
  }
  const [stem, suffix] = split(name);
  const encoder = new TextEncoder();
  const room = 180 - encoder.encode(suffix).length;
  // As the start of a stream, a character that was cut is left out.
  const start = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    encoder.encode(stem).subarray(0, room),
    { stream: true },
  );
  return start + suffix;
}

function split(name: string): [string, string] {
  const dot = name.lastIndexOf(".");
  const suffix = name.slice(dot);
  const length = new TextEncoder().encode(suffix).length;
  return dot > 0 && length > 1 && length <= 20
    ? [name.slice(0, dot), suffix]
    : [name, ""];
}

/** Moves a complete file to its name, or to the next free one. */
async function placed(
  disk: Disk,
  temporary: string,
  directory: string,
  name: string,
): Promise<string> {
  const [stem, suffix] = split(name);
  for (let number = 0; ; number++) {
    const path = `${directory}/${stem}${number ? ` (${number})` : ""}${suffix}`;
    try {
      // Fails where the name is taken, so that two runs at once cannot take it both.
      await (await disk.open(path, "wx")).close();
      await disk.rename(temporary, path);
      return path;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EEXIST") {
        throw error;
      }
    }
  }
}

/** Digits that tell things apart; no secret depends on them, and not every runtime has `crypto`. */
const randomHex = (length: number): string =>
  Array.from({ length }, () =>
    Math.floor(Math.random() * 16).toString(16),
  ).join("");

// Where a workflow runs

/** One run as it is sent: values and files by wire key, and the workflow to run as JSON text. */
export interface Call extends Asked {
  readonly files: Readonly<Record<string, Upload>>;
  /** The workflow to run in place of the deployed one. */
  readonly override?: string | undefined;
}

/** Who wants to hear of a run while it goes on. */
export interface Watch extends Limits {
  readonly onLog?: ((line: string) => void) | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Who is told of what looks wrong with a result that arrived; without `onWarning`, the console is. */
export interface Warned {
  readonly onWarning?: ((warning: string) => void) | undefined;
}

/** Where a workflow runs. */
export interface Client {
  run(call: Call, watch?: Watch): Promise<PromptResult>;
}

/** What a run is doing; `unknown` where the server has no such run, or has it no more. */
export type Status =
  "waiting" | "running" | "success" | "error" | "cancelled" | "unknown";

/** A place that keeps runs by their prompt id. */
export interface JobClient extends Client {
  submit(call: Call, limits?: Limits): Promise<string>;
  status(promptId: string, limits?: Limits): Promise<Status>;
  result(
    promptId: string,
    asked?: Asked,
    limits?: Limits,
  ): Promise<PromptResult>;
  cancel(promptId: string, limits?: Limits): Promise<void>;
}

/**
 * Who calls. The client id and secret, from ViewComfy's dashboard, belong on servers and never in a
 * browser, where everybody can read them: a browser app sends its user's `token`.
 */
export type Credentials =
  | {
      readonly clientId: string;
      readonly clientSecret: string;
      readonly token?: undefined;
    }
  | {
      readonly token: string;
      readonly clientId?: undefined;
      readonly clientSecret?: undefined;
    };

function formOf(
  { params, files, override }: Call,
  fields: Readonly<Record<string, string>>,
): FormData {
  const form = new FormData();
  form.append("params", writeJson(params));
  if (override) {
    form.append("workflow_api", override);
  }
  for (const [name, value] of Object.entries(fields)) {
    form.append(name, value);
  }
  for (const [key, { data, filename, contentType }] of Object.entries(files)) {
    form.append(key, data.slice(0, data.size, contentType), filename);
  }
  return form;
}

/**
 * A deployment on ViewComfy's cloud, called at its endpoint, the `url` in ViewComfy's dashboard. Throws
 * ConfigurationError for a URL or credentials that cannot be right.
 */
export class ViewComfy implements Client {
  readonly #http: Http;

  constructor(options: { readonly url: string } & Credentials) {
    this.#http = new Http(options.url, options);
  }

  /** Run the deployed workflow once and wait for its result. Throws ViewComfyError. */
  run(call: Call, watch: Watch = {}): Promise<PromptResult> {
    return limited(watch, LONGEST_RUN, async (deadline) => {
      const http = this.#http;
      const response = await http.answer("", deadline, {
        // Always as a stream: platforms give up on a request that stays silent for minutes.
        body: formOf(call, { logs: "true" }),
        accept: "text/event-stream, application/json",
      });
      if (
        !response.headers.get("content-type")?.startsWith("text/event-stream")
      ) {
        return new PromptResult(
          http.parsed(await content(response, deadline)),
          call,
        );
      }
      const logs: string[] = [];
      let failure: string | undefined;
      let result: PromptResult | undefined;
      const reader = eventReader((type, data) => {
        if (type === "prompt_result") {
          result = new PromptResult(http.parsed(data), call, logs);
        } else if (type === "log_message" || type === "error") {
          const line = http.redacted(data);
          failure = type === "error" ? line : failure;
          logs.push(line);
          logs.splice(0, logs.length - MOST_LOGS);
          watch.onLog?.(line);
          progressOf(line).forEach((each) => watch.onProgress?.(each));
        }
        return !!result;
      });
      await pour(response, deadline, reader);
      if (result) {
        return result;
      }
      throw failure === undefined
        ? new ConnectionFailedError(
            `${http.host} ended the stream before the result`,
            `the run may still go on at the server; ${LOGS}`,
          )
        : executionError(failure);
    });
  }
}

/** The steps that a line of ComfyUI's log tells of, in the bars that its samplers draw. */
function progressOf(line: string): Progress[] {
  const bars = /\d{1,3}%\|[^|]{0,400}\|\s{0,9}(\d{1,9})\/(\d{1,9}) ?\[/g;
  return [...line.matchAll(bars)].map(([, value, total]) => ({
    value: Number(value),
    total: Number(total),
  }));
}

/**
 * A deployment on ViewComfy's cloud, reached through its gateway, which keeps runs and their results.
 * `url` is the deployment's endpoint. It tells nothing of a run's log. Throws ConfigurationError for URLs
 * or credentials that cannot be right.
 */
export class ViewComfyGateway implements JobClient {
  readonly #http: Http;
  readonly #deployment: string;

  constructor(
    options: { readonly url: string; readonly base?: string } & Credentials,
  ) {
    this.#deployment = new Http(options.url).url;
    const base = options.base ?? "https://api.viewcomfy.com";
    this.#http = new Http(base.replace(/\/+$/, ""), options);
  }

  /** Run the deployed workflow once and wait for its result; aborting cancels it at the server too. Throws ViewComfyError. */
  async run(call: Call, watch: Watch = {}): Promise<PromptResult> {
    const promptId = uuid();
    try {
      return await limited(watch, LONGEST_RUN, async (deadline) => {
        await this.#schedule(call, promptId, deadline);
        return this.#awaited(promptId, call, deadline);
      });
    } catch (error) {
      if (error instanceof RunCancelledError && !error.atServer) {
        await this.cancel(promptId, { timeout: 10 }).catch(ignore);
      }
      throw error;
    }
  }

  /** Schedule a run and return its prompt id. Throws ViewComfyError. */
  async submit(call: Call, limits: Limits = {}): Promise<string> {
    const promptId = uuid();
    await limited(limits, SHORT, (deadline) =>
      this.#schedule(call, promptId, deadline),
    );
    return promptId;
  }

  /** What the run is doing. Throws ViewComfyError. */
  async status(promptId: string, limits: Limits = {}): Promise<Status> {
    const found = await limited(limits, SHORT, (deadline) =>
      this.#ask(promptId, deadline),
    );
    const status = textOf(found?.["status"]).toLowerCase();
    return !found
      ? "unknown"
      : CANCELLED.test(status)
        ? "cancelled"
        : isOver(found)
          ? status === "success"
            ? status
            : "error"
          : /^(pending|queued|scheduled)$/.test(status)
            ? "waiting"
            : "running";
  }

  /** Wait for the result of a run. Throws ViewComfyError. */
  result(
    promptId: string,
    asked: Asked = { params: {} },
    limits: Limits = {},
  ): Promise<PromptResult> {
    return limited(limits, LONGEST_RUN, (deadline) =>
      this.#awaited(promptId, asked, deadline),
    );
  }

  /** End the run. Throws ViewComfyError. */
  async cancel(promptId: string, limits: Limits = {}): Promise<void> {
    await limited(limits, SHORT, (deadline) =>
      this.#http.answer("/api/workflow/infer/cancel", deadline, {
        body: writeJson({
          prompt_id: promptId,
          view_comfy_api_url: this.#deployment,
        }),
        repeatable: true,
      }),
    );
  }

  /** Schedules a run, once: where the connection broke, the server is asked whether it has it before it is sent again. */
  async #schedule(
    call: Call,
    promptId: string,
    deadline: Deadline,
  ): Promise<void> {
    const body = formOf(call, {
      prompt_id: promptId,
      view_comfy_api_url: this.#deployment,
    });
    for (let left = RETRIES; ; left--) {
      try {
        await this.#http.json("/api/workflow/infer", deadline, { body });
        return;
      } catch (error) {
        if (
          !(error instanceof ConnectionFailedError) ||
          error.nothingSent ||
          !left
        ) {
          throw error;
        }
      }
      // What has arrived shows up in a moment: asked twice, so as not to send it beside itself.
      for (const pause of [0.3, 1]) {
        await sleep(pause, deadline);
        if (await this.#ask(promptId, deadline)) {
          return;
        }
      }
    }
  }

  async #awaited(
    promptId: string,
    asked: Asked,
    deadline: Deadline,
  ): Promise<PromptResult> {
    for (let pause = 0.2, absences = 0; ; pause = Math.min(pause * 1.3, 6)) {
      const found = await this.#ask(promptId, deadline);
      if (found && isOver(found)) {
        return new PromptResult(found, asked);
      }
      absences = found ? 0 : absences + 1;
      if (absences > 12) {
        throw new NotFoundError(
          `${this.#http.host} no longer knows the run`,
          "run it again; if that happens again, tell ViewComfy",
          { promptId },
        );
      }
      await sleep(pause, deadline);
    }
  }

  /** What the gateway says of a run, if anything. */
  async #ask(
    promptId: string,
    deadline: Deadline,
  ): Promise<JsonObject | undefined> {
    const path = `/api/workflow/infer/?prompt_ids=${encodeURIComponent(promptId)}`;
    const found = await this.#http.json(path, deadline);
    if (!Array.isArray(found)) {
      throw new ProtocolError(
        `${this.#http.host} answered with something other than a list of runs`,
        "check the URL of the gateway",
      );
    }
    return found.filter(isObject).find((each) => each["promptId"] === promptId);
  }
}

const isOver = ({ completed, status }: JsonObject): boolean =>
  completed === true || status === "success" || status === "error";

const uuid = (): string =>
  randomHex(32).replace(/^(.{8})(.{4}).(.{3}).(.{3})/, "$1-$2-4$3-a$4-");

/** A run that was started: it is asked after, awaited and cancelled by its `promptId`. */
export interface Job<R> {
  readonly promptId: string;
  /** What the run is doing. Throws ViewComfyError. */
  status(limits?: Limits): Promise<Status>;
  /** Wait for the result; the run goes on where the time is not enough. Throws ViewComfyError. */
  result(limits?: Limits): Promise<R>;
  /** End the run, whether it waits or runs; one that is over stays as it is. Throws ViewComfyError. */
  cancel(limits?: Limits): Promise<void>;
}

// A workflow's own part

/** A workflow to run in place of the deployed one: `true` for the module's own, else its nodes or their JSON text. */
export type Override = boolean | string | Graph | undefined;

export interface RunOptions extends Watch, Warned {
  /** Where to run: ViewComfy, ViewComfyGateway or a client of your own. */
  readonly client: Client;
  readonly overrideWorkflow?: Override;
}

export interface JobOptions extends Warned {
  /** Where it runs: a client that keeps runs, such as ViewComfyGateway. */
  readonly client: JobClient;
}

export interface SubmitOptions extends JobOptions, Limits {
  readonly overrideWorkflow?: Override;
}

/** What is sent for a call: the values and the files, both by wire key. */
export interface Wire {
  readonly params: Record<string, unknown>;
  readonly files: Record<string, Upload>;
}

/** The JSON Schema of a workflow's calls. */
export interface CallSchema {
  readonly title: string;
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  readonly "x-viewcomfy-outputs": Readonly<Record<string, OutputNode>>;
}

/** What a generated module knows of its workflow. */
interface About<P, R> {
  readonly format: number;
  /** The JSON Schema of a call, as text. */
  readonly schema: string;
  /** The names in the schema by those in `Parameters` and in `Result`. */
  readonly parameters: Readonly<Record<keyof P & string, string>>;
  readonly outputs: Readonly<
    Record<Exclude<keyof R, keyof PromptResult> & string, string>
  >;
  /** What is sent when a call has no other value, as JSON text: ViewComfy refuses an empty `params`. */
  readonly fallback?: string;
  /** The workflow's nodes by id, as JSON text. */
  readonly graph?: string;
}

interface Field {
  readonly property: string;
  readonly name: string;
  readonly schema: Schema;
  readonly keys: readonly string[];
  readonly branches: readonly Branch[];
  readonly selectors: readonly string[];
}

/** A deployed workflow: the parameters of a call to it, what a run gives, and its graph. */
export class Workflow<
  P extends object,
  R extends PromptResult,
  N extends keyof P = never,
> {
  /** The JSON Schema of a call. */
  readonly schema: CallSchema;
  /** What is sent for the parameters that a call leaves out. */
  readonly defaults: Readonly<Omit<Required<P>, N>>;
  readonly #about: About<P, R>;
  readonly #fields: readonly Field[];
  readonly #outputs: readonly (OutputNode & { readonly property: string })[];

  constructor(about: About<P, R>) {
    if (about.format !== FORMAT) {
      throw new IncompatibleModuleError(
        "this module and its runtime are of different versions",
        "generate both again",
      );
    }
    this.#about = about;
    this.schema = readJson(about.schema) as CallSchema;
    const { properties, "x-viewcomfy-outputs": outputs } = this.schema;
    this.#fields = Object.entries<string>(about.parameters).map(
      ([property, name]) => {
        const schema = properties[name] as Schema;
        const branches = schema["x-viewcomfy-branches"] ?? [];
        return {
          property,
          name,
          schema,
          keys: [schema["x-viewcomfy-key"]].flat(),
          branches,
          selectors: selectorsOf(branches),
        };
      },
    );
    this.#outputs = Object.entries<string>(about.outputs).map(
      ([property, name]) => ({
        property,
        ...(outputs[name] as OutputNode),
      }),
    );
    this.defaults = Object.fromEntries(
      this.#fields
        .filter(({ schema }) => "default" in schema)
        .map(({ property, schema }) => [property, schema.default]),
    ) as Omit<Required<P>, N>;
  }

  /** All that is wrong with a call as JSON, which may be text; nothing where it is accepted. */
  validate(call: unknown): Fault[] {
    return this.#read(call)[1];
  }

  /** The parameters of a call as JSON, which may be text. Throws InvalidParametersError with all faults at once. */
  parse(call: unknown): P {
    const [values, faults] = this.#read(call);
    refuseAll(faults);
    return values as P;
  }

  /** The call as JSON text, by the schema's names, files as `data:` URIs. Throws InvalidParametersError. */
  async toJSON(parameters: P): Promise<string> {
    const { files } = this.toWire(parameters);
    const call: Record<string, unknown> = {};
    for (const [{ property, name, keys }, value] of this.#taken(
      parameters,
    )[0]) {
      const [upload] = keys.map((key) => files[key]);
      if (value instanceof Stored) {
        const message = `${value.name} is on the server: there is no content to write`;
        refuseAll([{ parameter: name, property, message }]);
      }
      call[name] =
        upload && typeof value !== "string" ? await dataUri(upload) : value;
    }
    return writeJson(call);
  }

  /**
   * What is sent for a call: all values, untouched ones too; files where they are set; a seed of null as a
   * number drawn from its range. Throws InvalidParametersError with all faults at once.
   */
  toWire(parameters: P): Wire {
    const params: Record<string, unknown> = {};
    const files: Record<string, Upload> = {};
    const [values, faults] = this.#taken(parameters);
    const byName = Object.fromEntries(
      values.map(([{ name }, value]) => [name, value]),
    );
    for (const [field, value] of values) {
      const { schema, keys, branches } = field;
      const branch = branchOf(field, byName, this.schema.properties);
      const isLeftOut = !branch || (value === null && !branch.draws);
      if (branches.length && isLeftOut) {
        continue;
      }
      check(field, faults, () => {
        const isFile = "x-viewcomfy-media" in schema;
        if (isFile && !(value instanceof Stored)) {
          if (value !== null) {
            const upload = uploadOf(
              value as Exclude<FileInput, Stored>,
              field.name,
            );
            keys.forEach((key) => (files[key] = upload));
          }
          return;
        }
        const sent =
          value instanceof Stored
            ? value.name
            : Array.isArray(value)
              ? { __value__: value }
              : value === null && schema.type
                ? drawn(branch ?? schema)
                : value;
        keys.forEach((key) => (params[key] = sent));
      });
    }
    refuseAll(faults);
    if (!Object.keys(params).length && this.#about.fallback) {
      Object.assign(params, readJson(this.#about.fallback));
    }
    return { params, files };
  }

  /** Run the workflow once and wait for its result. Throws ViewComfyError. */
  async run(parameters: P, options: RunOptions): Promise<R> {
    const client = clientOf(options, "run");
    const call = this.#call(parameters, options);
    return this.#named(await client.run(call, options), options, call);
  }

  /** Start a run and return at once, with its job. Throws ViewComfyError. */
  async submit(parameters: P, options: SubmitOptions): Promise<Job<R>> {
    const client = clientOf(options, "submit");
    const call = this.#call(parameters, options);
    return this.#job(await client.submit(call, options), options, call);
  }

  /** The job of a run that was started elsewhere. */
  job(promptId: string, options: JobOptions): Job<R> {
    return this.#job(promptId, options, {
      params: {},
      outputs: this.#outputs,
    });
  }

  #job(
    promptId: string,
    options: JobOptions,
    asked: Asked & Partial<Call>,
  ): Job<R> {
    const client = clientOf(options, "submit");
    return {
      promptId,
      status: (limits) => client.status(promptId, limits),
      cancel: (limits) => client.cancel(promptId, limits),
      result: async (limits) =>
        this.#named(
          await client.result(promptId, asked, limits),
          options,
          asked,
        ),
    };
  }

  /** The result with its outputs as properties; what looks wrong with it is told. */
  #named(
    made: PromptResult,
    { onWarning = console.warn }: Warned,
    { files, override = this.#about.graph }: Partial<Call>,
  ): R {
    const outputs = this.#outputs;
    for (const { property, node, kind } of outputs) {
      Object.defineProperty(made, property, {
        get: () => (kind === "text" ? made.textsOf(node) : made.of(node)),
      });
    }
    const unknown = made.outputs.filter(({ node }) => !node);
    if (outputs.length && unknown.length) {
      const names = listed(
        unknown.map(({ filename }) => filename),
        3,
      );
      onWarning(
        `AmbiguousOutputWarning: ${names.join(", ")}: no telling which output node this is of\n` +
          "hint: give each output node its own filename_prefix; result.outputs has all files",
      );
    }
    if (override && files) {
      const sent = [...Object.keys(made.params), ...Object.keys(files)].map(
        (key) => key.replace(/-viewcomfymask$/, ""),
      );
      const found = differences(made.prompt, readJson(override) as Graph, sent);
      if (found.length) {
        onWarning(
          `DifferentWorkflowWarning: another workflow ran than '${this.schema.title}' was generated from:\n  ` +
            `${listed(found, 5).join("\n  ")}\n` +
            "hint: generate the module from the deployed workflow, or override that with the module's own",
        );
      }
    }
    return made as R;
  }

  #call(
    parameters: P,
    { overrideWorkflow }: { readonly overrideWorkflow?: Override },
  ): Call {
    const override = overrideOf(overrideWorkflow, this.#about.graph);
    const wire = this.toWire(parameters);
    if (!Object.keys(wire.params).length) {
      throw new InvalidWorkflowError(
        "the workflow has no value that a call could send, and ViewComfy refuses an empty one",
        "set any value in one of its nodes and export it again",
      );
    }
    return { ...wire, override, outputs: this.#outputs };
  }

  /** The values of a call as JSON by property, and its faults. */
  #read(call: unknown): [Record<string, unknown>, Fault[]] {
    try {
      call = typeof call === "string" ? readJson(call) : call;
    } catch {
      // Told below.
    }
    if (!isObject(call)) {
      const parameter = "(the call)";
      const message = "must be an object of names and values";
      return [{}, [{ parameter, property: parameter, message }]];
    }
    const [values, faults] = this.#accepted(call, "name");
    return [
      Object.fromEntries(
        values.map(([field, value]) => [field.property, value]),
      ),
      faults,
    ];
  }

  /** The values of a call with the defaults of what it leaves out, and its faults. */
  #taken(parameters: P): [[Field, unknown][], Fault[]] {
    const given = Object.entries(parameters).filter(
      ([, value]) => value !== undefined,
    );
    return this.#accepted(
      { ...this.defaults, ...Object.fromEntries(given) },
      "property",
    );
  }

  #accepted(
    given: JsonObject,
    by: "name" | "property",
  ): [[Field, unknown][], Fault[]] {
    const known = this.#fields.map((field) => field[by]);
    const faults = Object.keys(given)
      .filter((name) => !known.includes(name))
      .map((name) => {
        const near = nearest(name, known);
        const message = `is not a parameter${near ? `; did you mean ${near}?` : ""}`;
        return { parameter: name, property: name, message };
      });
    const { properties, required } = this.schema;
    const values: [Field, unknown][] = [];
    const whole: Record<string, unknown> = {};
    for (const field of this.#fields) {
      const { name, schema } = field;
      check(field, faults, () => {
        if (Object.hasOwn(given, field[by])) {
          const value = accept(schema, given[field[by]]);
          values.push([field, value]);
          whole[name] = value;
        } else if (required.includes(name)) {
          throw new Refused("is required");
        } else if ("default" in schema) {
          whole[name] = schema.default;
        }
      });
    }
    for (const field of this.#fields) {
      const { name, branches, selectors } = field;
      const needed = [name, ...selectors];
      if (branches.length && needed.every((each) => each in whole)) {
        const chosen = branchOf(field, whole, properties);
        check(field, faults, () => place(field, whole[name], chosen));
      }
    }
    return [values, faults];
  }
}

/** What the action refuses; empty where it refuses nothing. */
function faultOf(action: () => void): string {
  try {
    action();
    return "";
  } catch (error) {
    if (error instanceof Refused) {
      return printable(error.message);
    }
    throw error;
  }
}

/** Does what may find the field's value at fault. */
function check(
  { name, property }: Field,
  faults: Fault[],
  action: () => void,
): void {
  const message = faultOf(action);
  if (message) {
    faults.push({ parameter: name, property, message });
  }
}

function refuseAll(faults: readonly Fault[]): void {
  const lines = faults.map(({ parameter, property, message }) => {
    const also = parameter === property ? "" : ` (${parameter})`;
    return `\n  ${property}${also}: ${message}`;
  });
  if (lines.length) {
    throw new InvalidParametersError(
      `invalid parameters${lines.join("")}`,
      undefined,
      { faults },
    );
  }
}

async function dataUri({ data, contentType }: Upload): Promise<string> {
  const bytes = new Uint8Array(await data.arrayBuffer());
  return `data:${contentType};base64,${toBase64(bytes)}`;
}

/** No more than `most` of the texts, and how many there are beyond them. */
function listed(texts: readonly string[], most: number): string[] {
  const more = texts.length - most;
  return [
    ...texts.slice(0, most),
    ...(more > 0 ? [`and ${more} more`] : []),
  ].map(printable);
}

/** A node's class; empty where it is not a node. */
const classOf = (node: unknown): string =>
  isObject(node) ? textOf(node["class_type"]) : "";

/** How a workflow that ran differs from the known one, apart from the values that were sent. */
function differences(
  ran: Graph,
  known: Graph,
  sent: readonly string[],
): string[] {
  if (!Object.keys(ran).length) {
    return [];
  }
  const inputsOf = (node: unknown): JsonObject =>
    isObject(node) && isObject(node["inputs"]) ? node["inputs"] : {};
  const missing = Object.keys(known)
    .filter((id) => !(id in ran))
    .map((id) => `node ${id} (${classOf(known[id])}) is missing`);
  const others = Object.entries(ran).flatMap(([id, node]) => {
    const [kind, own] = [classOf(node), known[id]];
    if (!own) {
      return `node ${id} (${kind}) is new`;
    }
    if (kind !== classOf(own)) {
      return `node ${id} is ${kind}, not ${classOf(own)}`;
    }
    const [inputs, before] = [inputsOf(node), inputsOf(own)];
    return Object.keys(inputs)
      .filter(
        (name) =>
          name in before &&
          !sent.includes(`${id}-inputs-${name}`) &&
          writeJson(inputs[name]) !== writeJson(before[name]),
      )
      .sort()
      .map((name) => `node ${id} (${kind}) has another ${name}`);
  });
  return [...missing, ...others];
}

/** A seed from the range of its input; from what the narrowest nodes accept where that is not known. */
function drawn({ minimum = 0, maximum = 2 ** 32 - 1 }: Taking): Whole {
  const [lo, hi] = [BigInt(minimum), BigInt(maximum)];
  // Nodes use negative seeds as commands (-1: random, -2: increment), so none is drawn.
  const floor = hi < 0n ? hi : 0n;
  const least = lo > floor ? lo : floor;
  const span = hi > least ? hi - least + 1n : 1n;
  return exact(least + (BigInt(`0x${randomHex(32)}`) % span));
}

function clientOf<T extends Client>(
  { client }: { readonly client: T },
  method: string,
): T {
  if (!client || !(method in client)) {
    throw new ConfigurationError(
      `no client that can ${method} is given`,
      "pass a ViewComfy or a ViewComfyGateway, which alone keeps jobs",
    );
  }
  return client;
}

/** The JSON text of the workflow that `override` means. */
function overrideOf(
  override: Override,
  own: string | undefined,
): string | undefined {
  const given = override === true ? own : override;
  if (override && !given) {
    throw new InvalidWorkflowError(
      "the module doesn't contain its workflow",
      "generate it again without --no-embed, or give the workflow's nodes",
    );
  }
  if (!given) {
    return undefined;
  }
  try {
    const text = typeof given === "string" ? given : writeJson(given);
    const nodes = Object.values(readJson(text) as Graph);
    if (nodes.length && nodes.every(classOf)) {
      return text;
    }
  } catch {
    // Told below.
  }
  throw new InvalidWorkflowError(
    "overrideWorkflow isn't a workflow in ComfyUI's API format",
    "export it with File > Export (API)",
  );
}
