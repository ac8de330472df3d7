/** The format of generated modules that this runtime serves. */
const FORMAT = 1;

const { assign, entries, fromEntries, hasOwn, keys, values } = Object;
const { isArray } = Array;
const { isFinite, isInteger, isSafeInteger } = Number;

/** A workflow in ComfyUI's API format: its nodes by id. */
export type Graph = Readonly<Record<string, unknown>>;

/**
 * What a file parameter accepts: a Blob or File, its bytes, the text of a `data:` URI, the URL of a file, or
 * a file that the server already has. Blobs are streamed where the platform can: `await openAsBlob("me.png")`
 * in Node 20, `Bun.file("me.png")` in Bun. A plain text is never a path.
 */
export type FileInput =
  Blob | ArrayBuffer | Uint8Array | Stored | URL | `data:${string}`;

/** A file that the server already has, by the name that it has there: nothing is uploaded. */
export class Stored {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

// Errors

/** What the users of a service may read of an error; of the others, that the run failed. */
const PUBLIC: Readonly<Record<string, string>> = {
  AuthenticationError: "The service is not set up correctly.",
  NotFoundError:
    "The service is not set up correctly, or the result is no longer there.",
  RateLimitedError: "The service is busy. Try again in a moment.",
  ServerError: "The service failed. Try again later.",
  RejectedError: "The workflow does not accept these values.",
  ConnectionFailedError: "The service cannot be reached. Try again later.",
  RunTimeoutError: "The run took too long.",
  RunCancelledError: "The run was cancelled.",
  ProtocolError: "The service gave an answer that could not be understood.",
  SaveError: "The result could not be stored.",
};

/**
 * Base of all errors of this module. `hint` says what to do about it, `status` is the HTTP status and
 * `promptId` the run, where there are any. `retryable` says whether the same call may succeed later,
 * `mayHaveRun` whether it may have run, so that sending it again could run it twice, and `publicMessage`
 * what the users of a service may read: a sentence that names no server, no URL and no node.
 */
export class ViewComfyError extends Error {
  override readonly name: string = "ViewComfyError";
  declare readonly hint: string | undefined;
  declare readonly status: number | undefined;
  declare readonly promptId: string | undefined;

  constructor(message: string, hint?: string, details: object = {}) {
    super(printable(message));
    assign(this, { hint, ...details });
  }

  get retryable(): boolean {
    return /^(RateLimited|Server|ConnectionFailed|RunTimeout)/.test(this.name);
  }

  get mayHaveRun(): boolean {
    const { name, status, promptId, nothingSent } = this as Refusal;
    const isLate =
      /^(Server|ConnectionFailed|Execution|Run|Protocol|Save)/.test(name);
    return (isLate && status !== 503 && !nothingSent) || !!promptId;
  }

  get publicMessage(): string {
    const { name, faults = [] } = this as Refusal;
    const told = faults.filter(({ parameter }) => parameter);
    return (
      told
        .map(({ parameter, message }) => `${parameter}: ${message}`)
        .join("; ") ||
      (PUBLIC[name] ?? "The run failed.")
    );
  }

  override toString(): string {
    return `${this.name}: ${this.message}${this.hint ? `\nhint: ${this.hint}` : ""}`;
  }
}

/** An error class that is read and caught by its name, with fields of its own beside those of the base. */
type Kind<Fields> = new (
  ...given: ConstructorParameters<typeof ViewComfyError>
) => ViewComfyError & Readonly<Fields>;

/** The name is written out, since minifiers shorten those of classes. */
const named = <Fields = object>(
  name: string,
  Base: Kind<unknown> = ViewComfyError,
): Kind<Fields> =>
  class extends Base {
    override readonly name = `${name}Error`;
  } as unknown as Kind<Fields>;

/** Throws an error of this kind. */
const fail = (
  Kind: Kind<unknown>,
  ...given: ConstructorParameters<Kind<unknown>>
): never => {
  throw new Kind(...given);
};

/** A generated module that this version of the runtime cannot serve. */
export const IncompatibleModuleError = named("IncompatibleModule");
export type IncompatibleModuleError = InstanceType<
  typeof IncompatibleModuleError
>;

/** A parameter by the schema's name; `property` is its name in `Parameters`. */
interface Named {
  readonly parameter: string;
  readonly property: string;
}

/** One thing wrong with a call: the parameter and what it would have to be. */
export interface Fault extends Named {
  readonly message: string;
}

/** A call that the workflow does not accept; `faults` lists all that is wrong. Nothing was sent. */
export const InvalidParametersError = named<{ faults: readonly Fault[] }>(
  "InvalidParameters",
);
export type InvalidParametersError = InstanceType<
  typeof InvalidParametersError
>;

/** A workflow to run that is not valid, or that the call does not fit. Nothing was sent. */
export const InvalidWorkflowError = named("InvalidWorkflow");
export type InvalidWorkflowError = InstanceType<typeof InvalidWorkflowError>;

/** The server or the credentials are missing or not valid. Nothing was sent. */
export const ConfigurationError = named("Configuration");
export type ConfigurationError = InstanceType<typeof ConfigurationError>;

/** There is no client to run with. Nothing was sent. */
export const MissingSettingsError = named(
  "MissingSettings",
  ConfigurationError,
);
export type MissingSettingsError = InstanceType<typeof MissingSettingsError>;

/** The server does not accept the credentials (401, 403). */
export const AuthenticationError = named("Authentication");
export type AuthenticationError = InstanceType<typeof AuthenticationError>;

/** The deployment, the run or the file does not exist, or no longer does (404). */
export const NotFoundError = named("NotFound");
export type NotFoundError = InstanceType<typeof NotFoundError>;

/** An answer that may say when to try again: `retryAfter` is in seconds. */
interface Busy {
  retryAfter?: number | undefined;
}

/** Too many requests (429). */
export const RateLimitedError = named<Busy>("RateLimited");
export type RateLimitedError = InstanceType<typeof RateLimitedError>;

/** The server failed (5xx). */
export const ServerError = named<Busy>("Server");
export type ServerError = InstanceType<typeof ServerError>;

/**
 * What ComfyUI finds wrong with one node: its id and class, the input where there is one, and why.
 * `parameter` and `property` are empty where no parameter sets the input.
 */
export interface NodeFault extends Fault {
  readonly node: string;
  readonly classType: string;
  readonly input: string;
}

/** The server refused the call (another 4xx); `faults` are what it says of single nodes. */
export class RejectedError extends ViewComfyError {
  override readonly name = "RejectedError";
  declare readonly faults: readonly NodeFault[];
  readonly #summary: string;

  constructor(
    summary: string,
    hint?: string,
    details: { readonly faults?: readonly NodeFault[] } = {},
  ) {
    const { faults = [] } = details;
    const lines = [summary, ...listed(faults.map(faultText), 10)];
    super(lines.join("\n  "), hint, { ...details, faults });
    this.#summary = summary;
  }

  /** The same error, its faults with the names of the parameters that they are about. */
  byParameter(nameOf: (fault: NodeFault) => Named): RejectedError {
    const faults = this.faults.map((each) => ({ ...each, ...nameOf(each) }));
    return new RejectedError(this.#summary, this.hint, { ...this, faults });
  }
}

/** The workflow started and failed; `fault` says in which node, where the server does. */
export const ExecutionError = named<{ fault: NodeFault | undefined }>(
  "Execution",
);
export type ExecutionError = InstanceType<typeof ExecutionError>;

/** The server cannot be reached, or the connection broke; `nothingSent` says that no byte of the call went out. */
export const ConnectionFailedError = named<{ nothingSent?: boolean }>(
  "ConnectionFailed",
);
export type ConnectionFailedError = InstanceType<typeof ConnectionFailedError>;

/** The time allowed for the run is over. */
export const RunTimeoutError = named("RunTimeout");
export type RunTimeoutError = InstanceType<typeof RunTimeoutError>;

/** The run was cancelled, here or `atServer`. */
export const RunCancelledError = named<{ atServer?: boolean }>("RunCancelled");
export type RunCancelledError = InstanceType<typeof RunCancelledError>;

/** The server answered something that its protocol does not allow. */
export const ProtocolError = named("Protocol");
export type ProtocolError = InstanceType<typeof ProtocolError>;

/** Some of a result's files could not be saved; `saved` are the paths of those that were. */
export const SaveError = named<{ saved: readonly string[] }>("Save");
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
  !!value && typeof value === "object" && !isArray(value);

/** What a JSON Schema calls the type of a value; "integer" is every whole number, and NaN has none. */
const kindOf = (value: unknown): string => {
  if (isWhole(value)) {
    return "integer";
  }
  if (isArray(value)) {
    return "array";
  }
  const isOdd = typeof value === "number" && !isFinite(value);
  return isOdd ? "" : value === null ? "null" : typeof value;
};

/** A value as JSON text, bigints by their digits and small numbers as Python has them. Throws for what JSON cannot say. */
function writeJson(value: unknown): string {
  const kind = kindOf(value);
  if (isArray(value)) {
    return `[${value.map(writeJson).join(", ")}]`;
  }
  if (isObject(value) && String(value) === "[object Object]") {
    const items = entries(value).map(
      ([name, item]) => `${writeJson(name)}: ${writeJson(item)}`,
    );
    return `{${items.join(", ")}}`;
  }
  if (kind === "integer") {
    return String(value);
  }
  if (isFinite(value)) {
    const number = value as number;
    return Math.abs(number) < 1e-4
      ? number.toExponential().replace(/-(\d)$/, "-0$1")
      : String(number);
  }
  if (!/^(string|boolean|null)$/.test(kind)) {
    throw new TypeError();
  }
  return JSON.stringify(value);
}

/** The value of a JSON text, whole numbers past 2^53 as bigints. Throws for anything else. */
function readJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!/\d{16}/.test(text)) {
    return value;
  }
  // Long numbers pass through the parser as texts, in objects with a key of their own.
  const key = randomHex(32);
  const marked = text.replace(
    /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/gs,
    (part) => (part[0] === '"' ? part : `{"${key}":"${part}"}`),
  );
  return JSON.parse(marked, (_, each: unknown) =>
    isObject(each) && key in each ? exact(textOf(each[key])) : each,
  );
}

/** A whole number; those past 2^53 are exact as a bigint alone. */
type Whole = number | bigint;

const isWhole = (value: unknown): value is Whole =>
  typeof value === "bigint" || isInteger(value);

/** A whole number as people have it: a number where that is exact. */
const exact = (value: string | bigint): Whole =>
  isSafeInteger(Number(value)) ? Number(value) : BigInt(value);

const textOf = (value: unknown): string =>
  typeof value === "string" || isWhole(value) ? String(value) : "";

// What parameters accept

/** The JSON Schema of what a parameter takes. */
interface Taking {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly [{ readonly enum: readonly unknown[] }];
  readonly minimum?: Whole;
  readonly maximum?: Whole;
  readonly "x-viewcomfy-media"?: string;
  readonly "x-viewcomfy-seed"?: boolean;
}

/** The JSON Schema of a parameter; `x-viewcomfy-where` are the choices under which it counts, in words. */
interface Schema extends Taking {
  readonly default?: unknown;
  readonly "x-viewcomfy-key": string | readonly string[];
  readonly "x-viewcomfy-place"?: string | readonly string[];
  readonly "x-viewcomfy-branches"?: readonly Branch[];
  readonly "x-viewcomfy-where"?: string;
}

/** What a parameter takes under some choices of others; a seed that `draws` is drawn there when it is null. */
interface Branch extends Taking {
  readonly when: Readonly<Record<string, readonly unknown[]>>;
  readonly where?: string;
  readonly draws?: boolean;
}

class Refused extends Error {}

function refuse(message: string): never {
  throw new Refused(message);
}

/** A value for a message, cut when long. */
function short(value: unknown): string {
  try {
    const text = writeJson(value);
    const start = [...text.slice(0, 162)];
    return start[80] ? `${start.slice(0, 77).join("")}...` : text;
  } catch {
    return `a value of type ${typeof value}`;
  }
}

/** What the schema's types are called. */
const CALLED: Readonly<Record<string, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a finite number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

/** The value as it is sent for what takes this. Throws Refused. */
function accept(
  taking: Taking,
  value: unknown,
  files: typeof FILES | undefined,
): unknown {
  const { type, minimum, maximum, "x-viewcomfy-seed": isSeed } = taking;
  const [own = "", nullable] = [type].flat();
  if (value === null && nullable) {
    return value;
  }
  if (files && taking["x-viewcomfy-media"]) {
    return files.file(value);
  }
  const options = optionsOf(taking);
  const isClosed = taking.enum && !isWhole(options?.[0]);
  const kind =
    options && !isClosed ? (isWhole(options[0]) ? "integer" : "string") : own;
  const isKind =
    !kind || kindOf(value) === kind || (kind === "number" && isWhole(value));
  let wanted = isKind ? "" : `${CALLED[kind]}${isSeed ? " or null" : ""}`;
  let sent: unknown;
  try {
    sent = readJson(writeJson(value));
  } catch {
    wanted ||= "a JSON value";
  }
  wanted ||=
    taking.enum && !options?.includes(sent)
      ? `one of ${options?.map(short).join(", ")}`
      : (sent as Whole) < minimum!
        ? `at least ${short(minimum)}`
        : (sent as Whole) > maximum!
          ? `at most ${short(maximum)}`
          : "";
  return wanted ? refuse(`must be ${wanted}, not ${short(value)}`) : sent;
}

const optionsOf = (taking: Taking): readonly unknown[] | undefined =>
  (taking.enum ?? taking.anyOf?.[0].enum)?.filter((each) => each !== null);

function file(value: unknown): FileInput {
  if (value instanceof URL) {
    return /^https?:$/.test(value.protocol) &&
      !(value.username + value.password)
      ? value
      : refuse(
          "a URL must begin with https:// or http://, without a user name or a password in it",
        );
  }
  if (typeof value === "string" && !value.startsWith("data:")) {
    refuse(
      /^https?:\/\//i.test(value)
        ? `a text must be a data: URI, so that a caller cannot have files fetched; for a file at a URL pass new URL(${short(value)})`
        : `a plain text must be a data: URI, never a path; pass a Blob for ${short(value)}`,
    );
  }
  return typeof value === "string" ||
    [Blob, ArrayBuffer, Uint8Array, Stored].some(
      (kind) => value instanceof kind,
    )
    ? (value as FileInput)
    : refuse(
        `must be a file (Blob, ArrayBuffer, Uint8Array, Stored, URL or data: URI), not ${short(value)}`,
      );
}

/** How many characters two texts share, in the longest runs that they have in common. */
function shared(one: string, other: string): number {
  for (let length = Math.min(one.length, other.length); length; length--) {
    for (let start = 0; start + length <= one.length; start++) {
      const end = start + length;
      const found = other.indexOf(one.slice(start, end));
      if (found >= 0) {
        return (
          length +
          shared(one.slice(0, start), other.slice(0, found)) +
          shared(one.slice(end), other.slice(found + length))
        );
      }
    }
  }
  return 0;
}

/** The name that somebody meant, if any is near. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const likeness = (each: string): number =>
    each.length + name.length > 250
      ? 0
      : (2 * shared(each, name)) / (each.length + name.length);
  return known
    .map((each) => [likeness(each), each] as const)
    .filter(([alike]) => alike >= 0.6)
    .sort()
    .pop()?.[1];
}

// Files on their way in

/** A file as it is sent, and the parameter that it is for. */
export interface Upload extends Named {
  readonly data: Blob | URL;
  readonly filename: string;
  readonly contentType: string;
  /** Fetches the file, where it is at a URL: when the call goes out. */
  readonly fetch?: (deadline: Deadline, how: Fetching) => Promise<Blob>;
}

const UNKNOWN = "application/octet-stream";

/** MIME types and the ends of file names that stand for them, the usual one first. */
const TYPES = `image/png png
image/jpeg jpg
image/jpeg jpeg
image/gif gif
image/webp webp
video/mp4 mp4
video/webm webm
video/quicktime mov
audio/wav wav
audio/mpeg mp3
audio/flac flac
audio/ogg ogg
audio/mp4 m4a
model/gltf-binary glb
text/plain txt
application/json json`
  .split("\n")
  .map((line) => line.split(" ") as [type: string, end: string]);

/** What files begin with, by their usual ends. */
const BEGINNINGS: Readonly<Record<string, RegExp>> = {
  png: /^\x89PNG\r\n/,
  jpg: /^\xff\xd8\xff/,
  gif: /^GIF8/,
  webp: /^.{8}WEBP/s,
  mp4: /^.{4}ftyp/s,
  webm: /^.E\xdf\xa3/s,
  wav: /^.{8}WAVE/s,
  mp3: /^ID3/,
  flac: /^fLaC/,
  ogg: /^OggS/,
  glb: /^glTF/,
};

/** The MIME type that a file name's end stands for. */
const typeOf = (filename: string): string =>
  TYPES.find(([, end]) => filename.toLowerCase().endsWith(`.${end}`))?.[0] ??
  UNKNOWN;

function extensionOf(contentType: string): string {
  const found = TYPES.find(([type]) => type === contentType);
  return found ? `.${found[1]}` : "";
}

/** A file that is uploaded. */
type Given = Exclude<FileInput, Stored>;

/** The file as it is sent for a field. Throws Refused. */
function uploadOf(value: Given, { name: parameter, property }: Field): Upload {
  let data = value as Blob;
  let own = (value as Partial<File>).name ?? "";
  if (value instanceof URL) {
    own = nameIn(value);
  } else if (!(value instanceof Blob)) {
    const [bytes, said] =
      typeof value === "string"
        ? fromDataUri(value)
        : [new Uint8Array(value as ArrayBuffer)];
    const start = String.fromCharCode(...bytes.subarray(0, 16));
    const end = keys(BEGINNINGS).find((each) => BEGINNINGS[each]?.test(start));
    data = blobOf([bytes], said ?? typeOf(`.${end}`));
  }
  const { type = "", size } = data as Partial<Blob>;
  const filename = basename(own) || parameter + extensionOf(type);
  if (size === 0) {
    refuse(`the file ${filename} can't be sent: it is empty`);
  }
  const contentType = type || typeOf(filename);
  const upload = { data, filename, contentType, parameter, property };
  return value instanceof URL
    ? {
        ...upload,
        fetch: (deadline, how) => fetched(value, upload, deadline, how),
      }
    : upload;
}

/** The name of the file at a URL, without what has a meaning for a path or a header. */
function nameIn({ pathname }: URL): string {
  let name = basename(pathname);
  try {
    name = decodeURIComponent(name);
  } catch {
    // Whatever it is, it stays as it is.
  }
  return name
    .replace(/[^\p{L}\p{N}_ .()+-]/gu, "_")
    .replace(/^[ .]+|[ .]+$/g, "")
    .slice(-100);
}

const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, "_");

const basename = (path: string): string =>
  wellFormed(path).replace(/^.*[/\\]/s, "");

/** The pieces as a Blob, which newer compilers want to be of ArrayBuffers alone. */
const blobOf = (pieces: unknown[], type: string): Blob =>
  new Blob(pieces as Blob[], { type });

function fromDataUri(uri: string): [bytes: Uint8Array, type?: string] {
  const [
    ,
    type,
    base64,
    payload = refuse(
      "the data: URI has no comma between its type and its data",
    ),
  ] =
    /^data:\s*([\w.+-]+\/[\w.+-]+)?[^,]*?(;\s*base64\s*)?,(.*)/s.exec(uri) ??
    [];
  const binary = wellFormed(payload)
    .replace(/\P{ASCII}+/gu, encodeURIComponent)
    .replace(/%([\da-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(parseInt(hex, 16)),
    );
  try {
    const bytes = bytesOf(base64 ? fromBase64(binary) : binary);
    return type ? [bytes, type] : [bytes];
  } catch {
    return refuse("the data: URI isn't valid base64");
  }
}

function bytesOf(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) {
    bytes[i] = binary.charCodeAt(i);
  }
  return bytes;
}

/** The bytes in base64, a character each. Throws where it is broken. */
const fromBase64 = (text: string): string =>
  atob(/\s/.test(text) || text.length % 4 ? "?" : text);

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

/** A module of the platform, by a name that bundlers for browsers do not look for. */
async function builtin<Module>(name: string): Promise<Module> {
  const found = (await import(
    /* @vite-ignore */ /* webpackIgnore: true */ `node:${name}`
  )) as { readonly default: Module };
  return found.default;
}

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
  const cancel = (): void =>
    controller.abort(new RunCancelledError("the call was cancelled"));
  const expire = (): void =>
    controller.abort(
      new RunTimeoutError(
        `the run took longer than ${most} s`,
        "pass a larger timeout",
      ),
    );
  const timer = setTimeout(expire, Math.min(most * 1000, 2 ** 31 - 1));
  signal?.addEventListener("abort", cancel);
  try {
    if (signal?.aborted) {
      cancel();
    }
    controller.signal.throwIfAborted();
    return await work({
      signal: controller.signal,
      end: Date.now() + most * 1000,
    });
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

/** The whole URL of what may be a part of one; empty where it is not valid. */
function linked(url: string, base?: string): string {
  try {
    return new URL(url, base).href;
  } catch {
    return "";
  }
}

const isUrl = (text: string): boolean =>
  /^https?:\/\/\S+$/.test(text) && !!linked(text);

/** A URL's scheme and host: all of it that may be shown, since its path may be signed. */
const hostOf = (url: string): string => new URL(url).origin;

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
    if (error instanceof Refused) {
      throw error;
    }
    const { cause, code, message } = error as Thrown;
    // The messages may quote the URL, which may be signed.
    const reason = textOf(cause?.code ?? code);
    throw new ConnectionFailedError(
      `the connection to ${hostOf(url)} failed${reason && `: ${reason}`}`,
      "check the URL, the network and that the server is up",
      {
        nothingSent: /(ECONN|connection )refused/i.test(
          [reason, message, cause?.message].join(),
        ),
      },
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
  { body, url }: Answer,
  deadline: Deadline,
  sink: (piece: Uint8Array) => unknown,
): Promise<void> {
  const reader = body?.getReader();
  try {
    while (reader) {
      const { done, value } = await attempt(() => reader.read(), url, deadline);
      if (done || (await sink(value))) {
        break;
      }
    }
  } finally {
    reader?.cancel().catch(ignore);
  }
}

const ignore = (): void => {
  // What fails here changes nothing any more.
};

/** The content as text; no more than its start where that is long. */
async function content(
  answer: Answer,
  deadline: Deadline,
  most = LARGEST,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  await pour(answer, deadline, (piece) => {
    text += decoder.decode(piece, { stream: true });
    return text.length > most;
  });
  return text;
}

/** What is used of a Response. */
type Answer = Pick<Response, "status" | "headers" | "url" | "body">;

/** Addresses that are no server's of the internet: this machine's, its network's and nobody's. */
const PRIVATE =
  /^(0|10|127|22[4-9]|2[345]\d|169\.254|172\.(1[6-9]|2\d|3[01])|192\.(168|0\.[02])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])|198\.(1[89]|51\.100)|203\.0\.113)\.|^(?![23]\w{3}:).*:|^(2001:(:|\w\w?:|1\w\w:|db8:)|2002:|3fff:)/;

/** An address of a host, as the platform finds it. */
interface Address {
  readonly address: string;
  readonly family: number;
}

/** Tells a connection where to go. */
type Found = (
  error: unknown,
  address?: string | readonly Address[],
  family?: number,
) => void;

/** What is used of the platform's `dns` and `http`. */
interface Dns {
  lookup(
    host: string,
    options: { readonly all: true },
    done: (error: unknown, found?: readonly Address[]) => void,
  ): void;
}

interface Requests {
  get(
    url: string,
    options: object,
    done: (message: Message) => void,
  ): { on(event: "error", done: (error: unknown) => void): void };
}

interface Message extends AsyncIterable<Uint8Array> {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  destroy(): void;
}

/**
 * Like `fetch`, from public addresses alone, so that no URL leads into one's own network: the one that is
 * connected to was checked, once the host's name was resolved.
 */
async function publicFetch(
  url: string,
  { signal }: RequestInit,
): Promise<Answer> {
  const { hostname, protocol } = new URL(url);
  const check = ({ address }: Pick<Address, "address">): void => {
    if (PRIVATE.test(address)) {
      refuse(
        `${hostname} has an address that isn't public; allowPrivate fetches it nevertheless`,
      );
    }
  };
  if (/^\[|^[\d.]+$/.test(hostname)) {
    check({ address: hostname.replace(/[[\]]/g, "") });
  }
  const { get } = await builtin<Requests>(protocol.slice(0, -1));
  const dns = await builtin<Dns>("dns");
  const lookup = (host: string, { all }: { all?: boolean }, done: Found) =>
    dns.lookup(host, { all: true }, (error, found = []) => {
      try {
        found.forEach(check);
      } catch (refused) {
        error = refused;
      }
      const [first] = found;
      done(error, all ? found : first?.address, first?.family);
    });
  return new Promise((resolve, reject) => {
    // A connection of its own: one that others left open was not checked.
    get(url, { signal, lookup, agent: false }, (message) => {
      const pieces = message[Symbol.asyncIterator]();
      const cancel = async (): Promise<void> => message.destroy();
      // All that is used of a stream; Node 18 breaks down over its own, once that is cancelled.
      const reader = { read: () => pieces.next(), cancel };
      resolve({
        url,
        status: message.statusCode,
        headers: new Headers(message.headers),
        body: { getReader: () => reader, cancel } as unknown as Answer["body"],
      });
    }).on("error", reject);
  });
}

interface Request {
  readonly body?: FormData | string;
  readonly accept?: string;
  /** Whether it may be sent again after a broken connection. */
  readonly repeatable?: boolean;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '"': "quot",
  "'": "apos",
  "&": "amp",
  "<": "lt",
  ">": "gt",
};

/** Finds a text of ASCII however JSON, URLs and HTML escape it, a few times over, in linear time. */
const escapable = (text: string): RegExp =>
  new RegExp(
    [...text]
      .map((char) => {
        const code = char.charCodeAt(0);
        const hex = code.toString(16);
        const name = ENTITIES[char] ?? "#";
        return (
          `\\\\{0,7}(?:${char.replace(/\W/, "\\$&")}|u00${hex}|x${hex}|%(?:25){0,3}${hex}|` +
          `&(?:amp;){0,3}(?:#x0{0,6}${hex}|#0{0,6}${code}|${name});)`
        );
      })
      .join(""),
    "gi",
  );

/** A server as one client talks to it. Throws ConfigurationError where that cannot be. */
function serverAt(
  base: string,
  credentials?: Credentials,
  by: (url: string, init: RequestInit) => Promise<Answer> = (url, init) =>
    fetch(url, init),
) {
  if (!isUrl(base)) {
    fail(
      ConfigurationError,
      "not a valid server URL",
      "give the whole URL, with https:// (ViewComfy's dashboard shows a deployment's)",
    );
  }
  const host = hostOf(base);
  const { clientId = "", clientSecret = "", token } = credentials ?? {};
  const secret = token ?? clientSecret;
  const credited: Readonly<Record<string, string>> = !credentials
    ? {}
    : token === undefined
      ? { client_id: clientId, client_secret: clientSecret }
      : { Authorization: `Bearer ${token}` };
  for (const [name, value] of entries(credited)) {
    if (!/^[!-~]([ -~]*[!-~])?$/.test(value)) {
      fail(
        ConfigurationError,
        `the ${name} is empty or contains characters that are not valid in it`,
        "copy the client id and secret from ViewComfy's dashboard, under API keys",
      );
    }
  }

  /** A text without the secret, which some servers repeat. */
  const hidden = secret && escapable(secret);
  const redacted = (text: string): string =>
    hidden ? text.replace(hidden, "***") : text;

  /**
   * The good answer to a request, redirects followed. Where nothing can have been done yet (refused, 429,
   * 503) it is sent again after a pause. Throws ViewComfyError.
   */
  async function answer(
    path: string,
    deadline: Deadline,
    request: Request = {},
  ): Promise<Answer> {
    const { repeatable = !request.body } = request;
    // What may be sent again is, for half a minute: a server may restart.
    for (let left = repeatable ? 6 : 3, wait = 0.5; ; left--) {
      try {
        return await sent(base + path, deadline, request);
      } catch (error) {
        const { status = 0, nothingSent, retryAfter } = error as Refusal;
        wait = retryAfter ?? wait * (1.5 + Math.random() / 2);
        if (
          !left ||
          wait > Math.min(60, (deadline.end - Date.now()) / 1000) ||
          !(
            nothingSent ||
            status === 429 ||
            status === 503 ||
            (repeatable && (status >= 500 || nothingSent === false))
          )
        ) {
          throw error;
        }
      }
      await sleep(wait, deadline);
    }
  }

  async function json(
    path: string,
    deadline: Deadline,
    request?: Request,
  ): Promise<unknown> {
    return parsed(
      await content(await answer(path, deadline, request), deadline),
    );
  }

  function parsed(text: string): unknown {
    try {
      return readJson(text);
    } catch {
      return fail(
        ProtocolError,
        `${host} answered with something other than JSON`,
        ENDPOINT,
      );
    }
  }

  async function sent(
    url: string,
    deadline: Deadline,
    { body, accept = "*/*" }: Request,
  ): Promise<Answer> {
    for (let left = MOST_REDIRECTS; left; left--) {
      const [here, home] = [new URL(url), new URL(base)];
      // What is meant for one server goes to no other, and never in the clear after TLS.
      const atHome =
        here.host === home.host &&
        (here.protocol === home.protocol || here.protocol === "https:");
      if (body && !atHome) {
        fail(
          ProtocolError,
          `${host} redirects the call to ${hostOf(url)}`,
          "if you trust that server, use its own URL; nothing was sent there",
        );
      }
      const response = await attempt(
        () =>
          by(url, {
            method: body ? "POST" : "GET",
            headers: {
              Accept: accept,
              ...(typeof body === "string" && {
                "Content-Type": "application/json",
              }),
              ...(atHome && credited),
            },
            body: body ?? null,
            redirect: SERVER ? "manual" : "follow",
            credentials: "omit",
            referrerPolicy: "no-referrer",
            signal: deadline.signal,
          }),
        url,
        deadline,
      );
      const { status, headers } = response;
      const target = headers.get("location");
      if (status === 200 || status === 201) {
        return response;
      }
      if (!target || status < 300 || status > 399) {
        // Of a long refusal the start, of one that breaks off nothing.
        const said = await content(response, deadline, 1 << 16).catch(() => "");
        deadline.signal.throwIfAborted();
        throw errorOf(response, redacted(said));
      }
      response.body?.cancel().catch(ignore);
      const from = hostOf(url);
      url = linked(target, url);
      if (!isUrl(url)) {
        fail(
          ProtocolError,
          `${from} redirects to something that isn't a valid URL`,
          ENDPOINT,
        );
      }
      body = status < 307 ? undefined : body;
    }
    return fail(ProtocolError, `${host} keeps redirecting`, "check the URL");
  }

  return { host, redacted, answer, json, parsed };
}

type Http = ReturnType<typeof serverAt>;

/** What the errors of a request may say of it. */
interface Refusal {
  readonly name: string;
  readonly message: string;
  readonly faults?: readonly Fault[];
  readonly promptId?: string | undefined;
  readonly status?: number | undefined;
  readonly retryAfter?: number;
  readonly nothingSent?: boolean;
}

/** Seconds that the server asks to wait, which it may give as a number or as a date. */
function retryAfter({ headers }: Answer): number | undefined {
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

/** The errors that answers stand for: by their status, else by its first digit. */
const REFUSALS: Readonly<
  Record<number, readonly [Kind<unknown>, string, string]>
> = {
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

function errorOf(answer: Answer, text: string): ViewComfyError {
  const { status, url } = answer;
  const body = bodyOf(text);
  const faults = nodeFaults(body);
  const [Refusal, what, hint] = REFUSALS[status] ??
    REFUSALS[Math.floor(status / 100)] ?? [
      ProtocolError,
      "answered with an unexpected status",
      ENDPOINT,
    ];
  const words = plain(said(body));
  return new Refusal(
    `${hostOf(url)} ${what} (${status})${words && `: ${words}`}`,
    hint,
    { status, faults, retryAfter: retryAfter(answer) },
  );
}

function faultText(fault: NodeFault): string {
  const { node, classType, input, message, property } = fault;
  const name = property && `${labelOf(fault)}: `;
  const about = classType && ` (${classType})`;
  const place = input && `, inputs.${input}`;
  return `${name}node ${node}${about}${place}: ${message}`;
}

/** A parameter by both its names, where they differ. */
const labelOf = ({ parameter, property }: Named): string =>
  property + (parameter === property ? "" : ` (${parameter})`);

function executionError(details: unknown, promptId?: string): ExecutionError {
  const body = typeof details === "string" ? bodyOf(details) : details;
  let reason = plain(said(body) || told(body));
  let fault: NodeFault | undefined;
  if (isObject(body) && "exception_message" in body) {
    fault = {
      ...UNNAMED,
      node: clean(body["node_id"]) || "?",
      classType: clean(body["node_type"]),
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

/** What a fault is about until its parameter is known. */
const UNNAMED: Named = { parameter: "", property: "" };

const clean = (value: unknown): string => printable(textOf(value));

const plain = (words: string): string =>
  printable(words).trim().replace(/\s+/g, " ").slice(0, 500);

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
    return values(body).flatMap((each) => nodeFaults(each, depth - 1));
  }
  return entries(found).flatMap(([node, about]) => {
    const { errors, class_type } = objectOf(about);
    return [errors]
      .flat()
      .filter(isObject)
      .map(({ message, details, extra_info }) => ({
        ...UNNAMED,
        node: clean(node),
        classType: clean(class_type),
        input: clean(objectOf(extra_info)["input_name"]),
        message: plain(said({ message, details })),
      }));
  });
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

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
  const parts = !depth
    ? []
    : isArray(body)
      ? body
      : "errorMsg errorDetails detail message msg error details"
          .split(" ")
          .map((name) => objectOf(body)[name]);
  const words = parts.map((each) => said(each, depth - 1)).filter(Boolean);
  return isArray(body) ? words.join("; ") : [...new Set(words)].join(": ");
}

/** A JSON value of no known form in words. */
const told = (body: unknown, depth = 6): string =>
  typeof body !== "object"
    ? String(body)
    : !body || !depth
      ? ""
      : entries(body)
          .map(
            ([name, each]) =>
              `${isArray(body) ? "" : `${name}: `}${told(each, depth - 1)}`,
          )
          .join(", ");

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
      fail(ProtocolError, "the server sent an event without an end");
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
  fromEntries(
    entries(about).map(([name, value]) => [
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
    const { data, filepath, ...given } = camelCased(about);
    const { filename, contentType, size, ...extra } = given;
    const [name, link] = [textOf(filename) || "output", textOf(filepath)];
    const type = textOf(contentType) || typeOf(name);
    this.#data = data;
    assign(this, {
      filename: name,
      contentType: type,
      size: isWhole(size) ? Number(size) : undefined,
      url: isUrl(link) ? link : undefined,
      extra,
      node: makerOf(name, type, asked),
    });
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
    const data = this.#data;
    if (data instanceof Uint8Array) {
      await sink(data);
    } else if (typeof data === "string") {
      let bytes;
      try {
        bytes = bytesOf(fromBase64(data.replace(/^data:[^,]{0,200},/, "")));
      } catch {
        throw new ProtocolError(
          `${filename} arrived as broken base64`,
          "run it again",
        );
      }
      await sink(bytes);
    } else if (!url) {
      fail(ProtocolError, `the server sent no content for ${filename}`);
    } else {
      await limited(limits, LONGEST_RUN, async (deadline) => {
        let received = 0;
        try {
          const response = await serverAt(url).answer("", deadline);
          await pour(response, deadline, (piece) => {
            received += piece.length;
            return sink(piece);
          });
        } catch (error) {
          const { status = 0 } = error as Refusal;
          throw [401, 403, 404, 410].includes(status)
            ? new NotFoundError(
                `the server no longer has ${filename} (${status})`,
                "links to results expire: save them soon after the run, or run it again",
                { status },
              )
            : error;
        }
        if (received !== (size ?? received)) {
          fail(
            ConnectionFailedError,
            `${filename} has ${size} bytes, but ${received} arrived`,
            "save it again",
          );
        }
      });
    }
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
    } = camelCased(objectOf(answer));
    if ((promptId ?? status ?? completed ?? outputs) === undefined) {
      fail(
        ProtocolError,
        "the server's answer isn't the result of a run",
        ENDPOINT,
      );
    }
    assign(this, {
      promptId: textOf(promptId),
      status: textOf(status),
      completed: completed !== false,
      executionTimeSeconds: isFinite(executionTimeSeconds)
        ? executionTimeSeconds
        : undefined,
      outputs: [outputs]
        .flat()
        .map((each) => (typeof each === "string" ? textFile(each) : each))
        .filter(isObject)
        .map((each) => new OutputFile(each, asked)),
      // ComfyUI's history has the workflow third in a list.
      prompt: objectOf(isArray(prompt) ? prompt[2] : prompt),
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
    return failed
      ? fail(
          SaveError,
          `not all files could be saved${failed}`,
          "the result is still there: save it again, perhaps elsewhere",
          { saved },
        )
      : saved;
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
    fail(RunCancelledError, "the run was cancelled at the server", undefined, {
      atServer: true,
      promptId,
    });
  }
  const isFailed =
    /^(error|fail(ed|ure))$/i.test(status) || (details && !completed);
  if (isFailed || (!completed && status !== "success")) {
    throw executionError(
      isFailed
        ? details
        : `the answer came before the run was over, with the status '${status}'`,
      promptId,
    );
  }
}

const CANCELLED = /^(cancell?ed|interrupted)$/i;

/** The node that made a file, where that can be told: by its prefix, else by its kind. */
function makerOf(
  filename: string,
  contentType: string,
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
  const alike = nearest.filter(({ kind }) =>
    contentType.startsWith(`${kind}/`),
  );
  const [maker, second] = longest && !nearest[1] ? nearest : alike;
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
    fail(
      ConfigurationError,
      "there are no folders to save to here",
      "blob() gives a file's content",
    );
  }
  const disk = await builtin<Disk>("fs/promises");
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

/** How a call's files at URLs are fetched. */
export interface Fetching {
  /** Whether addresses that are not public are fetched from; a caller's own words should not lead there. */
  readonly allowPrivate?: boolean | undefined;
  /** The most bytes that each file may have: 1 GiB by default. */
  readonly maxBytes?: number | undefined;
}

/** One run as it is sent: values and files by wire key, and the workflow to run as JSON text. */
export interface Call extends Asked, Fetching {
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

async function formOf(
  call: Call,
  deadline: Deadline,
  fields: Readonly<Record<string, string>>,
): Promise<FormData> {
  const form = new FormData();
  const { params, files, override } = call;
  form.append("params", writeJson(params));
  if (override) {
    form.append("workflow_api", override);
  }
  for (const [name, value] of entries(fields)) {
    form.append(name, value);
  }
  for (const [key, upload] of entries(files)) {
    const { data, filename, contentType } = upload;
    const blob = (await upload.fetch?.(deadline, call)) ?? (data as Blob);
    const type = (contentType === UNKNOWN && blob.type) || contentType;
    form.append(key, blob.slice(0, blob.size, type), filename);
  }
  return form;
}

/** The file at a URL. Throws ViewComfyError where it cannot be had. */
async function fetched(
  { href, origin }: URL,
  { parameter, property }: Named,
  deadline: Deadline,
  { allowPrivate, maxBytes = 2 ** 30 }: Fetching,
): Promise<Blob> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    const by = SERVER && !allowPrivate ? publicFetch : undefined;
    const http = serverAt(href, undefined, by);
    const answer = await http.answer("", deadline, { repeatable: false });
    await pour(answer, deadline, (piece) => {
      size += piece.length;
      if (size > maxBytes) {
        refuse(`the file at ${origin} has more than ${maxBytes} bytes`);
      }
      pieces.push(piece);
    });
    return blobOf(pieces, answer.headers.get("content-type") ?? "");
  } catch (error) {
    deadline.signal.throwIfAborted();
    const { status, message } = error as Refusal;
    if (error instanceof ConnectionFailedError) {
      const what = `a file at ${origin} can't be fetched: ${message}`;
      fail(ConnectionFailedError, what, error.hint, { nothingSent: true });
    }
    const words = status ? `${origin} answered ${status}` : message;
    refuseAll([{ parameter, property, message: words }]);
    throw error;
  }
}

/**
 * A deployment on ViewComfy's cloud, called at its endpoint, the `url` in ViewComfy's dashboard. Throws
 * ConfigurationError for a URL or credentials that cannot be right.
 */
export class ViewComfy implements Client {
  readonly #http: Http;

  constructor(options: { readonly url: string } & Credentials) {
    this.#http = serverAt(options.url, options);
  }

  /** Run the deployed workflow once and wait for its result. Throws ViewComfyError. */
  run(call: Call, watch: Watch = {}): Promise<PromptResult> {
    return limited(watch, LONGEST_RUN, async (deadline) => {
      const http = this.#http;
      const response = await http.answer("", deadline, {
        // Always as a stream: platforms give up on a request that stays silent for minutes.
        body: await formOf(call, deadline, { logs: "true" }),
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
    this.#deployment = options.url;
    serverAt(options.url);
    const base = options.base ?? "https://api.viewcomfy.com";
    this.#http = serverAt(base.replace(/\/+$/, ""), options);
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
    if (!found) {
      return "unknown";
    }
    if (CANCELLED.test(status)) {
      return "cancelled";
    }
    if (isOver(found)) {
      return status === "success" ? status : "error";
    }
    return /^(pending|queued|scheduled)$/.test(status) ? "waiting" : "running";
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
    const body = await formOf(call, deadline, {
      prompt_id: promptId,
      view_comfy_api_url: this.#deployment,
    });
    for (let left = 3; ; left--) {
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
    if (!isArray(found)) {
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
export type Override = boolean | string | Graph | null | undefined;

/** How a call is sent. */
interface Sending extends Fetching {
  /** A workflow to run in place of the deployed one. */
  readonly overrideWorkflow?: Override;
  /**
   * What another workflow gets: the values that are not the module's defaults, so that it keeps its own, or
   * "all".
   */
  readonly send?: "changed" | "all" | undefined;
}

export interface RunOptions extends Watch, Warned, Sending {
  /** Where to run: ViewComfy, ViewComfyGateway or a client of your own. */
  readonly client: Client;
}

export interface JobOptions extends Warned {
  /** Where it runs: a client that keeps runs, such as ViewComfyGateway. */
  readonly client: JobClient;
}

export interface SubmitOptions extends JobOptions, Limits, Sending {}

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
  /** What a workflow with files needs, and one whose choices decide what others take: bundlers drop what no module gives. */
  readonly files?: typeof FILES;
  readonly branching?: typeof BRANCHING;
}

/** How a call in JSON is read. */
export interface ParseOptions {
  /** Whether the texts of files may be URLs, which are fetched when the call runs. */
  readonly urls?: boolean | undefined;
}

/** The values of a call by the schema's names. */
type Values = Map<string, unknown>;

interface Field {
  readonly property: string;
  readonly name: string;
  readonly schema: Schema;
  readonly keys: readonly string[];
  readonly places: readonly string[];
  readonly branches: readonly Branch[] | undefined;
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
      fail(
        IncompatibleModuleError,
        "this module and its runtime are of different versions",
        "generate both again",
      );
    }
    this.#about = about;
    this.schema = readJson(about.schema) as CallSchema;
    const { properties, "x-viewcomfy-outputs": outputs } = this.schema;
    this.#fields = entries<string>(about.parameters).map(([property, name]) => {
      const schema = properties[name] as Schema;
      return {
        property,
        name,
        schema,
        keys: [schema["x-viewcomfy-key"]].flat(),
        places: [schema["x-viewcomfy-place"] ?? []].flat(),
        branches: schema["x-viewcomfy-branches"],
      };
    });
    this.#outputs = entries<string>(about.outputs).map(([property, name]) => ({
      property,
      ...(outputs[name] as OutputNode),
    }));
    this.defaults = fromEntries(
      this.#fields
        .filter(({ schema }) => "default" in schema)
        .map(({ property, schema }) => [property, schema.default]),
    ) as Omit<Required<P>, N>;
  }

  /** All that is wrong with a call as JSON, which may be text; nothing where it is accepted. */
  validate(call: unknown, options?: ParseOptions): Fault[] {
    return this.#read(call, options)[1];
  }

  /** The parameters of a call as JSON, which may be text. Throws InvalidParametersError with all faults at once. */
  parse(call: unknown, options?: ParseOptions): P {
    const [found, faults] = this.#read(call, options);
    refuseAll(faults);
    return found as P;
  }

  /** The call as JSON text, by the schema's names, files as `data:` URIs or URLs. Throws InvalidParametersError. */
  async toJSON(parameters: P): Promise<string> {
    const { files } = this.toWire(parameters);
    const [found, faults] = this.#checked(parameters, "property");
    const call: Record<string, unknown> = {};
    const linkOf = this.#about.files?.linkOf;
    for (const { property, name, keys } of this.#fields) {
      const value = found.get(name);
      const [upload] = keys.map((key) => files[key]);
      if (value instanceof Stored) {
        const message = `${value.name} is on the server: there is no content to write`;
        faults.push({ parameter: name, property, message });
      } else if (value !== undefined) {
        call[name] =
          upload && typeof value !== "string" ? await linkOf?.(upload) : value;
      }
    }
    refuseAll(faults);
    return writeJson(call);
  }

  /**
   * What is sent for a call: all values, untouched ones too; files where they are set; a seed of null as a
   * number drawn from its range. Throws InvalidParametersError with all faults at once.
   */
  toWire(parameters: P): Wire {
    const params: Record<string, unknown> = {};
    const uploads: Record<string, Upload> = {};
    const { fallback, files, branching } = this.#about;
    const [found, faults] = this.#checked(parameters, "property");
    for (const field of this.#fields) {
      const { name, schema, keys, places, branches } = field;
      const value = found.get(name);
      const branch = branching?.branchOf(field, found, this.schema);
      const isChosen = branch && (value !== null || branch.draws);
      const isFile = "x-viewcomfy-media" in schema;
      if (
        value === undefined ||
        (branches && !isChosen) ||
        (isFile && value === null)
      ) {
        continue;
      }
      check(field, faults, () => {
        if (isFile && !(value instanceof Stored)) {
          const upload = files?.uploadOf(value as Given, field) as Upload;
          keys.forEach((key) => (uploads[key] = upload));
          return;
        }
        const sent =
          value === null && schema.type
            ? drawn(branch ?? schema)
            : wired(value);
        keys.forEach((key) => (params[key] = sent));
        const at = optionsOf(schema)?.indexOf(value) ?? -1;
        if (at >= 0) {
          places.forEach((place) => (params[place] = at));
        }
      });
    }
    refuseAll(faults);
    if (!hasAny(params) && fallback) {
      assign(params, readJson(fallback));
    }
    return { params, files: uploads };
  }

  /** Run the workflow once and wait for its result. Throws ViewComfyError. */
  async run(parameters: P, options: RunOptions): Promise<R> {
    const client = clientOf(options, "run");
    const call = this.#call(parameters, options);
    const made = await this.#told(client.run(call, options));
    return this.#named(made, options, call);
  }

  /** Start a run and return at once, with its job. Throws ViewComfyError. */
  async submit(parameters: P, options: SubmitOptions): Promise<Job<R>> {
    const client = clientOf(options, "submit");
    const call = this.#call(parameters, options);
    const promptId = await this.#told(client.submit(call, options));
    return this.#job(promptId, options, call);
  }

  /** The job of a run that was started elsewhere. */
  job(promptId: string, options: JobOptions): Job<R> {
    return this.#job(promptId, options, { params: {}, outputs: this.#outputs });
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

  /** What a client gives; what the server refuses is told by parameter. */
  async #told<T>(given: Promise<T>): Promise<T> {
    try {
      return await given;
    } catch (error) {
      throw error instanceof RejectedError
        ? error.byParameter(({ node, input }) =>
            this.#namesOf(`${node}-inputs-${input}`, UNNAMED),
          )
        : error;
    }
  }

  /** The names of the parameter with this wire key, else the others. */
  #namesOf(key: string, others: Named): Named {
    const found = this.#fieldOf(key);
    return found ? { parameter: found.name, property: found.property } : others;
  }

  #fieldOf(key: string): Field | undefined {
    return this.#fields.find(({ keys }) => keys.includes(key));
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
    if (outputs[0] && unknown[0]) {
      const names = listed(
        unknown.map(({ filename }) => filename),
        3,
      );
      onWarning(
        `AmbiguousOutputWarning: ${names.join(", ")}: can't tell which output node made this\n` +
          "hint: give each output node its own filename_prefix; result.outputs has all files",
      );
    }
    if (override && files) {
      const sent = keys({ ...made.params, ...files }).map((key) =>
        key.replace(/-viewcomfymask$/, ""),
      );
      const found = differences(made.prompt, readJson(override) as Graph, sent);
      if (found[0]) {
        onWarning(
          `DifferentWorkflowWarning: a different workflow ran than the one '${this.schema.title}' was generated from:\n  ` +
            `${listed(found, 5).join("\n  ")}\n` +
            "hint: generate the module from the deployed workflow, or override that with the module's own",
        );
      }
    }
    return made as R;
  }

  #call(parameters: P, options: Sending): Call {
    const { overrideWorkflow, send, allowPrivate, maxBytes } = options;
    const override = overrideOf(overrideWorkflow, this.#about.graph);
    const wire = this.toWire(parameters);
    const params =
      override && overrideWorkflow !== true
        ? this.#forAnother(readJson(override) as Graph, wire, send)
        : wire.params;
    if (!hasAny(params)) {
      fail(
        InvalidWorkflowError,
        `the workflow '${this.schema.title}' has no value that a call could send, and ViewComfy refuses an empty call`,
        "set any value in one of its nodes and export it again",
      );
    }
    const { files } = wire;
    const outputs = this.#outputs;
    return { params, files, override, outputs, allowPrivate, maxBytes };
  }

  /** The values that another workflow gets: of those that are as here by default it has its own. */
  #forAnother(
    graph: Graph,
    { params, files }: Wire,
    send = "changed",
  ): JsonObject {
    const kept = entries(params).filter(([key, value]) => {
      const own = this.#fieldOf(key)?.schema.default ?? undefined;
      return (
        send === "all" ||
        own === undefined ||
        writeJson(value) !== writeJson(wired(own))
      );
    });
    const found = fromEntries(kept);
    refuseAll(
      keys({ ...found, ...files })
        .filter((key) => !hasOwn(graph, key.replace(/-inputs-.*/s, "")))
        .map((key) => ({
          ...this.#namesOf(key, { parameter: key, property: key }),
          message: "the workflow doesn't have this node",
        })),
    );
    // ViewComfy refuses to be sent nothing: then any value that the workflow has, a seed rather than others.
    const own = entries(graph).flatMap(([id, node]) =>
      entries(inputsOf(node))
        .filter(([, value]) => typeof value !== "object")
        .map(([name, value]) => [`${id}-inputs-${name}`, value] as const),
    );
    const any = own.find(([key]) => key.endsWith("seed")) ?? own[0];
    return kept[0] || !any ? found : fromEntries([any]);
  }

  /** The values of a call as JSON by property, and its faults. */
  #read(
    call: unknown,
    { urls }: ParseOptions = {},
  ): [Record<string, unknown>, Fault[]] {
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
    const { properties } = this.schema;
    const given = fromEntries(
      entries(call).map(([name, value]) => [
        name,
        urls &&
        properties[name]?.["x-viewcomfy-media"] &&
        typeof value === "string" &&
        isUrl(value)
          ? new URL(value)
          : value,
      ]),
    );
    const [found, faults] = this.#checked(given, "name");
    return [
      fromEntries(
        this.#fields
          .filter(({ name }) => hasOwn(given, name))
          .map(({ name, property }) => [property, found.get(name)]),
      ),
      faults,
    ];
  }

  /** The values of a call by the schema's names, with the defaults of what it leaves out, and its faults. */
  #checked(call: object, by: "name" | "property"): [Values, Fault[]] {
    const given = new Map<string, unknown>(
      entries(call).filter(([, value]) => value !== undefined),
    );
    const { files, branching } = this.#about;
    const known = this.#fields.map((field) => field[by]);
    const faults = [...given.keys()]
      .filter((name) => !known.includes(name))
      .map((name) => {
        const near = nearest(name, known);
        const message = `is not a parameter${near ? `; did you mean ${near}?` : ""}`;
        return { parameter: name, property: name, message };
      });
    const found: Values = new Map();
    for (const field of this.#fields) {
      const { name, schema, branches } = field;
      const value = given.get(field[by]);
      check(field, faults, () => {
        if (given.has(field[by])) {
          found.set(
            name,
            branches && value === null ? value : accept(schema, value, files),
          );
        } else if (this.schema.required.includes(name)) {
          refuse("is required");
        } else if ("default" in schema) {
          found.set(name, schema.default);
        }
      });
    }
    for (const field of this.#fields) {
      check(field, faults, () =>
        branching?.place(field, found, this.schema, files),
      );
    }
    return [found, faults];
  }
}

/** What a field takes under the choices of a call; all it ever takes where one is unknown. */
function branchOf(
  { schema, branches = [] }: Field,
  found: Values,
  { properties }: CallSchema,
): Branch | undefined {
  const isKnown = (name: string): boolean =>
    found.get(name) === null ||
    (optionsOf(properties[name] as Schema)?.includes(found.get(name)) ?? true);
  return (
    branches.find(({ when }) =>
      entries(when).every(([name, chosen]) => chosen.includes(found.get(name))),
    ) ??
    (branches.every(({ when }) => keys(when).every(isKnown))
      ? undefined
      : { ...schema, when: {} })
  );
}

/** Refuses a value that the choices of its call do not allow. Throws Refused. */
function place(
  field: Field,
  found: Values,
  schema: CallSchema,
  files: typeof FILES | undefined,
): void {
  const { name, branches, schema: own } = field;
  const value = found.get(name);
  const needed = branches?.flatMap(({ when }) => keys(when));
  if (!needed?.every((each) => found.has(each)) || (value ?? null) === null) {
    return;
  }
  const branch = branchOf(field, found, schema);
  if (branch) {
    const fault = faultOf(() => accept(branch, value, files));
    if (fault) {
      refuse(fault + (branch.where ? `, where ${branch.where}` : ""));
    }
  } else if (writeJson(value) !== writeJson(own.default ?? null)) {
    refuse(`counts only where ${own["x-viewcomfy-where"]}: leave it out`);
  }
}

/** For a module in which some parameters depend on the choices of others. */
export const BRANCHING = { branchOf, place };

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
  const lines = faults.map(
    (fault) => `\n  ${labelOf(fault)}: ${fault.message}`,
  );
  if (lines[0]) {
    fail(
      InvalidParametersError,
      `invalid parameters${lines.join("")}`,
      undefined,
      { faults },
    );
  }
}

/** A value as it is sent: a bare list would be a link. */
const wired = (value: unknown): unknown =>
  value instanceof Stored
    ? value.name
    : isArray(value)
      ? { __value__: value }
      : value;

const hasAny = (params: JsonObject): boolean => !!keys(params)[0];

/** The text that is read back as the same file. */
async function linkOf({ data, contentType }: Upload): Promise<string> {
  return data instanceof URL
    ? data.href
    : `data:${contentType};base64,${toBase64(new Uint8Array(await data.arrayBuffer()))}`;
}

/** For a module that takes files. */
export const FILES = { file, uploadOf, linkOf };

/** No more than `most` of the texts, and how many there are beyond them. */
function listed(texts: readonly string[], most: number): string[] {
  const more = texts.length - most;
  return [
    ...texts.slice(0, most),
    ...(more > 0 ? [`and ${more} more`] : []),
  ].map(printable);
}

/** A node's class; empty where it is not a node. */
const classOf = (node: unknown): string => textOf(objectOf(node)["class_type"]);

const inputsOf = (node: unknown): JsonObject =>
  objectOf(objectOf(node)["inputs"]);

/** How a workflow that ran differs from the known one, apart from the values that were sent. */
function differences(
  ran: Graph,
  known: Graph,
  sent: readonly string[],
): string[] {
  const missing = keys(known)
    .filter((id) => !(id in ran))
    .map((id) => `node ${id} (${classOf(known[id])}) is missing`);
  const others = entries(ran).flatMap(([id, node]) => {
    const [kind, own] = [classOf(node), known[id]];
    if (!own) {
      return `node ${id} (${kind}) is new`;
    }
    if (kind !== classOf(own)) {
      return `node ${id} is ${kind}, not ${classOf(own)}`;
    }
    const [inputs, before] = [inputsOf(node), inputsOf(own)];
    return keys(inputs)
      .filter(
        (name) =>
          name in before &&
          !sent.includes(`${id}-inputs-${name}`) &&
          writeJson(inputs[name]) !== writeJson(before[name]),
      )
      .sort()
      .map((name) => `node ${id} (${kind}) has a different ${name}`);
  });
  return hasAny(ran) ? [...missing, ...others] : [];
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
  return client && method in client
    ? client
    : fail(
        MissingSettingsError,
        `no client that can ${method} is given`,
        "pass a ViewComfy or a ViewComfyGateway, which alone keeps jobs",
      );
}

/** The JSON text of the workflow that `override` means. */
function overrideOf(
  override: Override,
  own: string | undefined,
): string | undefined {
  if (override === undefined || override === null || override === false) {
    return undefined;
  }
  const given = override === true ? own : override;
  if (given === undefined) {
    fail(
      InvalidWorkflowError,
      "the module doesn't contain its workflow",
      "generate it again without --no-embed, or give the workflow's nodes",
    );
  }
  try {
    const text = typeof given === "string" ? given : writeJson(given);
    const nodes = values(readJson(text) as Graph);
    if (nodes[0] && nodes.every(classOf)) {
      return text;
    }
  } catch {
    // Told below.
  }
  return fail(
    InvalidWorkflowError,
    "overrideWorkflow isn't a workflow in ComfyUI's API format",
    "export it with File > Export (API)",
  );
}
