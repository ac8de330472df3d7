/** The format of generated modules that this runtime serves. */
const FORMAT = 1;

const { assign, entries, fromEntries, hasOwn, keys, values } = Object;
const { isArray } = Array;
const { isFinite, isInteger, isSafeInteger } = Number;

/** A workflow in ComfyUI's API format: its nodes by id. */
export type Graph = Readonly<Record<string, unknown>>;

/** A file that the server already has, by the name that it has there: nothing is uploaded. */
export class Stored {
  declare readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

// Errors

/**
 * Base of all errors of this module. `hint` says what to do about it, `status` is the HTTP status
 * and `promptId` the run, where there are any. `retryable` says whether the same call may succeed
 * later, `mayHaveRun` whether it may have run, so that sending it again could run it twice, and
 * `publicMessage` what the users of a service may read: a sentence that names no server, no URL and
 * no node.
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
    return /^(RateL|Server|Conn|RunT)/.test(this.name);
  }

  get mayHaveRun(): boolean {
    const isLate = /^(Server|Conn|Exec|Run|Prot|Save)/.test(this.name);
    return (
      (isLate && this.status !== 503 && !(this as Refusal).nothingSent) ||
      !!this.promptId
    );
  }

  get publicMessage(): string {
    return RUN_FAILED;
  }

  override toString(): string {
    return `${super.toString()}${this.hint ? `\nhint: ${this.hint}` : ""}`;
  }
}

const RUN_FAILED = "The run failed.";

/** An error class with fields of its own in addition to those of the base. */
type Kind<Fields> = new (
  ...given: ConstructorParameters<typeof ViewComfyError>
) => ViewComfyError & Readonly<Fields>;

/**
 * Makes an error class. Its name is written out because minifiers shorten class names.
 * `publicMessage` lists what is wrong with single parameters, or else is `usual`.
 */
const named = <Fields = object>(
  name: string,
  usual = RUN_FAILED,
  Base: Kind<unknown> = ViewComfyError,
): Kind<Fields> =>
  class extends Base {
    override readonly name = `${name}Error`;
    declare readonly faults?: readonly Fault[];

    override get publicMessage(): string {
      const faults = this.faults?.filter((each) => each.parameter);
      return (
        faults
          ?.map((each) => `${each.parameter}: ${each.message}`)
          .join("; ") || usual
      );
    }
  } as unknown as Kind<Fields>;

/** Throws an error of this kind. */
const fail = (
  Kind: Kind<unknown>,
  ...given: ConstructorParameters<Kind<unknown>>
): never => {
  throw new Kind(...given);
};

/** The generated module and this runtime are of different versions. */
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
  undefined,
  ConfigurationError,
);
export type MissingSettingsError = InstanceType<typeof MissingSettingsError>;

/** The server does not accept the credentials (401, 403). */
export const AuthenticationError = named(
  "Authentication",
  "The service is not set up correctly.",
);
export type AuthenticationError = InstanceType<typeof AuthenticationError>;

/** The deployment, the run or the file does not exist, or no longer does (404). */
export const NotFoundError = named(
  "NotFound",
  "The service is not set up correctly, or the result is no longer there.",
);
export type NotFoundError = InstanceType<typeof NotFoundError>;

/** An answer that may say when to try again: `retryAfter` is in seconds. */
interface Busy {
  retryAfter?: number | undefined;
}

/** Too many requests (429). */
export const RateLimitedError = named<Busy>(
  "RateLimited",
  "The service is busy. Try again in a moment.",
);
export type RateLimitedError = InstanceType<typeof RateLimitedError>;

/** The server failed (5xx). */
export const ServerError = named<Busy>(
  "Server",
  "The service failed. Try again later.",
);
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
export const RejectedError = named<{ faults: readonly NodeFault[] }>(
  "Rejected",
  "The workflow does not accept these values.",
);
export type RejectedError = InstanceType<typeof RejectedError>;

/** The workflow started and failed; `fault` says in which node, where the server does. */
export const ExecutionError = named<{ fault: NodeFault | undefined }>(
  "Execution",
);
export type ExecutionError = InstanceType<typeof ExecutionError>;

/**
 * The server cannot be reached, or the connection broke; `nothingSent` says that no byte of the
 * call went out.
 */
export const ConnectionFailedError = named<{ nothingSent?: boolean }>(
  "ConnectionFailed",
  "The service cannot be reached. Try again later.",
);
export type ConnectionFailedError = InstanceType<typeof ConnectionFailedError>;

/** The time allowed for the run is over. */
export const RunTimeoutError = named("RunTimeout", "The run took too long.");
export type RunTimeoutError = InstanceType<typeof RunTimeoutError>;

/** The run was canceled, here or `atServer`. */
export const RunCancelledError = named<{ atServer?: boolean }>(
  "RunCancelled",
  "The run was canceled.",
);
export type RunCancelledError = InstanceType<typeof RunCancelledError>;

/** The server answered something that its protocol does not allow. */
export const ProtocolError = named(
  "Protocol",
  "The service sent an invalid response.",
);
export type ProtocolError = InstanceType<typeof ProtocolError>;

/** Some of a result's files could not be saved; `saved` are the paths of those that were. */
export const SaveError = named<{ saved: readonly string[] }>(
  "Save",
  "The result could not be saved.",
);
export type SaveError = InstanceType<typeof SaveError>;

/** A text without terminal control sequences and invisible characters. */
const printable = (text: string): string =>
  text.replace(/(?![ \n\t\xa0\u202f\u3000\u200c]|\u200d)[\p{C}\p{Z}]/gu, "");

// JSON with all digits

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A list of JSON. */
export type JsonArray = readonly unknown[];

const isObject = (value: unknown): value is JsonObject =>
  !!value && typeof value === "object" && !isArray(value);

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** A whole number; beyond 2^53 only a bigint is exact. */
type Whole = number | bigint;

const isWhole = (value: unknown): value is Whole =>
  typeof value === "bigint" || isInteger(value);

/** A whole number as a `number` if that is exact, or else as a bigint. */
const exact = (value: string | bigint): Whole =>
  isSafeInteger(Number(value)) ? Number(value) : BigInt(value);

const isText = (value: unknown): value is string => typeof value === "string";

/** A text or the digits of a whole number; empty for anything else. */
const textOf = (value: unknown): string =>
  isText(value) || isWhole(value) ? String(value) : "";

/** JSON Schema's name for the type of a value: "integer" for every whole number, empty for NaN. */
const kindOf = (value: unknown): string =>
  isWhole(value)
    ? "integer"
    : isArray(value)
      ? "array"
      : value === null
        ? "null"
        : typeof value === "number" && !isFinite(value)
          ? ""
          : typeof value;

/**
 * A value as JSON text: bigints with all their digits, small numbers in Python's notation. Throws
 * for what JSON cannot represent.
 */
const writeJson = (value: unknown): string => {
  if (isArray(value)) {
    return `[${value.map(writeJson).join(", ")}]`;
  }
  if (isObject(value) && {}.toString.call(value) === "[object Object]") {
    const items = entries(value).map((item) => item.map(writeJson).join(": "));
    return `{${items.join(", ")}}`;
  }
  const kind = kindOf(value);
  if (kind === "number" && Math.abs(value as number) < 1e-4) {
    return (value as number).toExponential().replace(/-(\d)$/, "-0$1");
  }
  const text = isWhole(value) ? String(value) : JSON.stringify(value);
  if (/^(object)?$/.test(kind) || !text) {
    throw new TypeError();
  }
  return text;
};

/** The value of a JSON text, whole numbers past 2^53 as bigints. Throws for anything else. */
const readJson = (text: string): unknown => {
  const value: unknown = JSON.parse(text);
  if (!/\d{16}/.test(text)) {
    return value;
  }
  // Long numbers pass through the parser as texts, in objects with a key of their own.
  const key = random("x".repeat(32));
  const marked = text.replace(
    /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/gs,
    (part) => (part[0] === '"' ? part : `{"${key}":"${part}"}`),
  );
  return JSON.parse(marked, (_, each: unknown) =>
    isObject(each) && key in each ? exact(textOf(each[key])) : each,
  );
};

/**
 * A text with hexadecimal digits for every x, which tell things apart: no secret depends on them,
 * and not every runtime has `crypto`.
 */
const random = (pattern: string): string =>
  pattern.replace(/x/g, () => Math.floor(Math.random() * 16).toString(16));

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

/**
 * The JSON Schema of a parameter; `x-viewcomfy-where` are the choices under which it counts, in
 * words.
 */
interface Schema extends Taking {
  readonly default?: unknown;
  readonly "x-viewcomfy-key": string | readonly string[];
  readonly "x-viewcomfy-place"?: string | readonly string[];
  readonly "x-viewcomfy-branches"?: readonly Branch[];
  readonly "x-viewcomfy-where"?: string;
}

/**
 * What a parameter takes under some choices of others; a seed that `draws` is drawn there when it
 * is null.
 */
interface Branch extends Taking {
  readonly when: Readonly<Record<string, readonly unknown[]>>;
  readonly where?: string;
  readonly draws?: boolean;
}

class Refused extends Error {}

const refuse = (message: string): never => {
  throw new Refused(message);
};

/** A value as a message quotes it, shortened if long. */
const short = (value: unknown): string => {
  try {
    const text = writeJson(value);
    const start = [...text.slice(0, 162)];
    return start[80] ? `${start.slice(0, 77).join("")}...` : text;
  } catch {
    return `a value of type ${typeof value}`;
  }
};

/** The schema's types in messages. */
const CALLED: Readonly<Record<string, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a finite number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

/** The value as it is sent for a parameter that takes this. Throws Refused. */
const accept = (
  taking: Taking,
  value: unknown,
  files: Files | undefined,
): unknown => {
  const { minimum, maximum } = taking;
  const [own = "", nullable] = [taking.type].flat();
  if (value === null && nullable) {
    return value;
  }
  if (files && taking["x-viewcomfy-media"]) {
    return files.file(value);
  }
  const options = optionsOf(taking);
  const kind = isWhole(options?.[0])
    ? "integer"
    : taking.anyOf
      ? "string"
      : own;
  const isKind =
    !kind || kindOf(value) === kind || (kind === "number" && isWhole(value));
  let wanted = isKind
    ? ""
    : CALLED[kind] + (taking["x-viewcomfy-seed"] ? " or null" : "");
  let sent: unknown;
  try {
    sent = readJson(writeJson(value));
  } catch {
    wanted ||= "a JSON value";
  }
  wanted ||=
    taking.enum && !options?.includes(sent)
      ? `one of ${options?.map(short).join(", ")}`
      : minimum != null && (sent as Whole) < minimum
        ? `at least ${short(minimum)}`
        : maximum != null && (sent as Whole) > maximum
          ? `at most ${short(maximum)}`
          : "";
  return wanted ? refuse(`must be ${wanted}, not ${short(value)}`) : sent;
};

const optionsOf = (taking: Taking): readonly unknown[] | undefined =>
  (taking.enum ?? taking.anyOf?.[0].enum)?.filter((each) => each !== null);

/** How many characters two texts share, counted in their longest common runs. */
const shared = (one: string, other: string): number => {
  for (let length = one.length; length; length--) {
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
};

/** A suggestion of the known name that was probably meant; empty if none is near. */
const nearest = (name: string, known: readonly string[]): string => {
  const near = known
    .map((each): [number, string] => {
      const size = each.length + name.length;
      return [size > 250 ? 0 : (2 * shared(each, name)) / size, each];
    })
    .filter(([likeness]) => likeness >= 0.6)
    .sort()
    .pop();
  return near ? `; did you mean ${near[1]}?` : "";
};

// Files

const UNKNOWN = "application/octet-stream";

/** MIME types and their file extensions, where these are not the end of the type itself. */
const TYPES =
  "image/png image/jpeg:jpg image/jpeg image/gif image/webp video/mp4 video/webm video/quicktime:mov audio/wav audio/mpeg:mp3 audio/flac audio/ogg audio/mp4:m4a model/gltf-binary:glb text/plain:txt application/json"
    .split(" ")
    .map((each): [type: string, extension: string] => [
      each.replace(/:.*/, ""),
      each.replace(/.*[/:]/, "."),
    ]);

/** The MIME type for a file name's extension. */
const typeOf = (filename: string): string =>
  TYPES.find(([, end]) => filename.toLowerCase().endsWith(end))?.[0] ?? UNKNOWN;

const extensionOf = (contentType: string): string =>
  TYPES.find(([type]) => type === contentType)?.[1] ?? "";

const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, "_");

const basename = (path: string): string =>
  wellFormed(path).replace(/^.*[/\\]/s, "");

/** The pieces as a Blob, which newer compilers want to be of ArrayBuffers alone. */
const blobOf = (pieces: unknown[], type?: string | null): Blob =>
  new Blob(pieces as Blob[], { type: type ?? "" });

const bytesOf = (binary: string) => {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) {
    bytes[i] = binary.charCodeAt(i);
  }
  return bytes;
};

/** The bytes encoded in base64; `broken` tells that it is malformed. */
const fromBase64 = (text: string, broken: () => never): Uint8Array => {
  try {
    return bytesOf(atob(/\s/.test(text) || text.length % 4 ? "?" : text));
  } catch {
    return broken();
  }
};

// HTTP

/** Seconds that ViewComfy lets a run take, and the default timeout. */
const LONGEST_RUN = 2400;
/** Seconds for requests other than runs: a status, a cancellation. */
const SHORT = 120;
/** A deployment on a serverless platform answers a long run with a redirect every few minutes. */
const MOST_REDIRECTS = 100;
/** Characters of one answer: as many as a string can hold on every platform. */
const LARGEST = 2 ** 29 - 2 ** 16;
const MOST_LOGS = 10_000;
const ENDPOINT = "check that the URL is the deployment's endpoint";
const LOGS = "look at the deployment's logs";
const COPY_URL = "copy the endpoint's URL from ViewComfy's dashboard";
const CHECK_KEYS =
  "check the client id and secret against ViewComfy's dashboard";

/** Whether this is Node, Deno or Bun, which have a disk and let redirects be followed by hand. */
const SERVER =
  "Deno" in globalThis ||
  !!(globalThis as { readonly process?: { readonly versions?: JsonObject } })
    .process?.versions?.["node"];

/** A built-in module of the platform, under a name that bundlers for browsers leave alone. */
const builtin = async <Module>(name: string): Promise<Module> =>
  (
    (await import(
      /* @vite-ignore */ /* webpackIgnore: true */ `node:${name}`
    )) as { readonly default: Module }
  ).default;

/** How long something may take, in seconds, and a signal that ends it early. */
export interface Limits {
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The end of a whole call, which ends what it is passed to; `at` is in milliseconds since 1970. */
type Deadline = AbortSignal & { readonly at: number };

/**
 * Does the work within one time limit, by default that many seconds. Throws RunTimeoutError, or
 * RunCancelledError when aborted.
 */
const limited = async <T>(
  seconds: number,
  { timeout = seconds, signal }: Limits = {},
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController();
  const milliseconds = timeout * 1000;
  const deadline = assign(controller.signal, { at: Date.now() + milliseconds });
  const cancel = (): void =>
    controller.abort(new RunCancelledError("the call was canceled"));
  const timer = setTimeout(
    () =>
      controller.abort(
        new RunTimeoutError(
          `the run took longer than ${timeout} s`,
          "pass a larger timeout",
        ),
      ),
    Math.min(milliseconds, 2 ** 31 - 1),
  );
  signal?.addEventListener("abort", cancel, { signal: deadline });
  try {
    if (signal?.aborted) {
      cancel();
    }
    deadline.throwIfAborted();
    return await work(deadline);
  } finally {
    clearTimeout(timer);
    // Closes what is still open, and stops listening to the caller's signal.
    controller.abort();
  }
};

/** Waits. There is one handler: a call waits in one place at a time. */
const sleep = async (seconds: number, deadline: Deadline): Promise<void> => {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    deadline.onabort = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  deadline.throwIfAborted();
};

/** The absolute URL of one that may be relative; empty if it is not valid. */
const linked = (url: string, base?: string): string => {
  try {
    return new URL(url, base).href;
  } catch {
    return "";
  }
};

const isUrl = (text: string): boolean =>
  /^https?:\/\/\S+$/.test(text) && !!linked(text);

/** A URL's scheme and host: all that may be shown, since its path may be signed. */
const hostOf = (url: string): string => new URL(url).origin;

/** What the platform gives; its error becomes ConnectionFailedError. */
const attempt = <T>(
  given: Promise<T>,
  url: string,
  deadline: Deadline,
): Promise<T> =>
  given.catch((error: unknown) => {
    deadline.throwIfAborted();
    if (error instanceof Refused) {
      throw error;
    }
    const { cause, code, message } = error as Thrown;
    // The messages may quote the URL, which may be signed.
    const reason = textOf(cause?.code ?? code);
    const reasons = [reason, message, cause?.message].join();
    return fail(
      ConnectionFailedError,
      `the connection to ${hostOf(url)} failed${reason && `: ${reason}`}`,
      "check the URL, the network and that the server is up",
      { nothingSent: /(ECONN|connection )refused/i.test(reasons) },
    );
  });

/** What the platforms throw where a connection fails. */
interface Thrown {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: Thrown;
}

/** The content of an answer as it arrives. The end of the call closes what is left. */
async function* piecesOf({ body, url }: Answer, deadline: Deadline) {
  const reader = body?.getReader();
  while (reader) {
    const { value } = await attempt(reader.read(), url, deadline);
    if (!value) {
      return;
    }
    yield value;
  }
}

const ignore = (): void => {
  // What fails here no longer matters.
};

/** The content as a Blob; only its start, or what `cut` gives, if it has more than `most` bytes. */
const gathered = async (
  pieces: AsyncIterable<Uint8Array>,
  type?: string | null,
  most = Infinity,
  cut: () => void = ignore,
): Promise<Blob> => {
  const found: Uint8Array[] = [];
  let left = most;
  for await (const piece of pieces) {
    found.push(piece);
    left -= piece.length;
    if (left < 0) {
      cut();
      break;
    }
  }
  return blobOf(found, type);
};

/** The whole content as text; only its start if it has more than `most` bytes. */
const content = async (
  answer: Answer,
  deadline: Deadline,
  most = LARGEST,
): Promise<string> =>
  (await gathered(piecesOf(answer, deadline), "", most)).text();

/** What is used of a Response. */
interface Answer extends Pick<Response, "status" | "headers" | "url"> {
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly value?: Uint8Array | undefined }>;
    };
  } | null;
}

interface Request extends Naming {
  readonly body?: FormData | Blob;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether it may be sent again after a broken connection. */
  readonly repeatable?: boolean;
}

/**
 * Finds a text of ASCII however JSON, URLs and HTML escape it, a few times over, in linear time.
 */
const escapable = (text: string): RegExp =>
  new RegExp(
    text.replace(/./g, (char) => {
      const code = char.charCodeAt(0);
      const hex = code.toString(16);
      // HTML has names of two to four letters for some.
      return (
        `\\\\{0,7}(?:${char.replace(/\W/, "\\$&")}|(?:u00|x|%(?:25){0,3})${hex}|` +
        `&(?:amp;){0,3}(?:#x0{0,6}${hex}|#0{0,6}${code}|[a-z]{2,4});)`
      );
    }),
    "gi",
  );

/**
 * A server as a client talks to it. Throws ConfigurationError for a URL or credentials that are not
 * valid.
 */
const serverAt = (
  base: string,
  credentials?: Credentials,
  send?: (url: string, init: RequestInit) => Promise<Answer>,
) => {
  if (!isUrl(base)) {
    fail(ConfigurationError, "not a valid server URL", COPY_URL);
  }
  const host = hostOf(base);
  const { clientId = "", clientSecret = "", token } = credentials ?? {};
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
        CHECK_KEYS,
      );
    }
  }

  /** A text without the secret, which some servers repeat. */
  const secret = token ?? clientSecret;
  const hidden = secret && escapable(secret);
  const redacted = (text: string): string =>
    hidden ? text.replace(hidden, "***") : text;

  /**
   * The successful answer to a request, after redirects. A request that cannot have had an effect
   * yet (connection refused, 429, 503) is sent again after a pause. Throws ViewComfyError.
   */
  const ask = async (
    path: string,
    deadline: Deadline,
    { body, headers: own, repeatable, parameterOf }: Request = {},
  ): Promise<Answer> => {
    let url = base + path;
    let wait = 0.5;
    // For half a minute: a server may be restarting.
    let retries = 6;
    let redirects = MOST_REDIRECTS;
    for (;;) {
      const from = hostOf(url);
      // What is meant for one server goes to no other, and never unencrypted after TLS.
      const atHome = [host, host.replace("http:", "https:")].includes(from);
      if (body && !atHome) {
        fail(
          ProtocolError,
          `${host} redirects the call to ${from}`,
          "if you trust that server, use its own URL; nothing was sent there",
        );
      }
      try {
        const request: RequestInit = {
          ...(body && { method: "POST", body }),
          headers: { ...own, ...(atHome && credited) },
          redirect: SERVER ? "manual" : "follow",
          credentials: "omit",
          referrerPolicy: "no-referrer",
          signal: deadline,
        };
        const response = await attempt(
          (send ?? fetch)(url, request),
          url,
          deadline,
        );
        const { status, headers } = response;
        const target = headers.get("location");
        if (status === 200 || status === 201) {
          return response;
        }
        if (!target || status < 300 || status > 399) {
          // Only the start of a long refusal, and nothing of one that breaks off.
          const text = content(response, deadline, 1 << 16).catch(() => "");
          const said = redacted(await text);
          deadline.throwIfAborted();
          throw errorOf(response, said, parameterOf);
        }
        url = linked(target, url);
        if (!isUrl(url)) {
          fail(
            ProtocolError,
            `${from} redirects to something that isn't a valid URL`,
            ENDPOINT,
          );
        }
        if (!redirects--) {
          fail(ProtocolError, `${host} keeps redirecting`, "check the URL");
        }
        body = status < 307 ? undefined : body;
      } catch (error) {
        const { status, nothingSent, retryAfter, retryable } = error as Refusal;
        wait = retryAfter ?? wait * (1.5 + Math.random() / 2);
        const isSafe =
          nothingSent ||
          status === 429 ||
          status === 503 ||
          ((repeatable ?? !body) && retryable);
        if (
          !isSafe ||
          !retries-- ||
          // An attempt needs time too: what failed says more than that time ran out.
          wait > Math.min(60, (deadline.at - Date.now()) / 1000 - 1)
        ) {
          throw error;
        }
        await sleep(wait, deadline);
      }
    }
  };

  /** The JSON of an answer, without the secret. Throws ProtocolError for anything else. */
  const parsed = (text: string): unknown => {
    try {
      // A large answer holds files, and its errors would be small.
      return readJson(text[4e6] ? text : redacted(text));
    } catch {
      return fail(
        ProtocolError,
        `${host} answered with something other than JSON`,
        ENDPOINT,
      );
    }
  };

  return [ask, parsed, host, redacted] as const;
};

type Http = ReturnType<typeof serverAt>;

/** What errors may say of a request. */
interface Refusal {
  readonly name: string;
  readonly message: string;
  readonly promptId?: string | undefined;
  readonly status?: number | undefined;
  readonly retryAfter?: number;
  readonly nothingSent?: boolean;
  readonly retryable?: boolean;
}

/** Seconds that the server asks to wait, given as a number or as a date. */
const retryAfter = ({ headers }: Answer): number | undefined => {
  const asked = headers.get("retry-after") ?? "";
  const seconds = /^\d+$/.test(asked)
    ? Number(asked)
    : (Date.parse(asked) - Date.now()) / 1000;
  return seconds >= 0 ? seconds : undefined;
};

// What a server says

/** The errors for refusals: by status, or else by its first digit. */
const REFUSALS: Readonly<
  Record<number, readonly [kind: Kind<unknown>, what: string, hint: string]>
> = {
  401: [AuthenticationError, "doesn't accept the credentials", CHECK_KEYS],
  404: [NotFoundError, "has nothing at this URL", COPY_URL],
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
    "check the values and the URL; if the workflow changed, generate again",
  ],
  5: [ServerError, "failed", `try again later; if the error persists, ${LOGS}`],
};

const errorOf = (
  answer: Answer,
  text: string,
  parameterOf: Naming["parameterOf"],
): ViewComfyError => {
  const { status, url } = answer;
  const body = bodyOf(text);
  const faults = nodeFaults(body, parameterOf);
  const [Refusal, what, hint] = REFUSALS[
    status === 403 ? 401 : status === 405 ? 404 : status
  ] ??
    REFUSALS[Math.floor(status / 100)] ?? [
      ProtocolError,
      "answered with an unexpected status",
      ENDPOINT,
    ];
  const words = plain(messageIn(body));
  const summary = `${hostOf(url)} ${what} (${status})${words && `: ${words}`}`;
  return new Refusal(
    [summary, ...listed(faults.map(faultText), 10)].join("\n  "),
    hint,
    { status, faults, retryAfter: retryAfter(answer) },
  );
};

const faultText = (fault: NodeFault): string => {
  const { node, classType, input, message } = fault;
  const name = fault.property && `${labelOf(fault)}: `;
  const place = input && `, inputs.${input}`;
  return `${name}node ${node}${classType && ` (${classType})`}${place}: ${message}`;
};

/** A parameter under both its names, if they differ. */
const labelOf = ({ parameter, property }: Named): string =>
  property + (parameter === property ? "" : ` (${parameter})`);

const faultOf = ({ parameter, property }: Named, message: string): Fault => ({
  parameter,
  property,
  message: printable(message),
});

/** The names of what is not a parameter, which are the same in both languages. */
const alike = (name: string): Named => ({ parameter: name, property: name });

const executionError = (
  details: unknown,
  promptId?: string,
): ExecutionError => {
  const body = bodyOf(details);
  const { node_id, node_type, exception_message: message } = objectOf(body);
  const fault =
    message === undefined
      ? undefined
      : nodeFault(textOf(node_id) || "?", node_type, textOf(message));
  const reason = fault
    ? faultText(fault)
    : plain(messageIn(body) || textOfAll(body));
  return new ExecutionError(
    `the workflow failed: ${reason || "the server gave no reason"}`,
    LOGS,
    { promptId, fault },
  );
};

/** A fault as a server reports it for a node. */
const nodeFault = (
  node: string,
  classType: unknown,
  message: string,
  input?: unknown,
  parameter = alike(""),
): NodeFault => ({
  ...faultOf(parameter, plain(message)),
  node: printable(node),
  classType: clean(classType),
  input: clean(input),
});

const clean = (value: unknown): string => printable(textOf(value));

const plain = (words: string): string =>
  printable(words).trim().replace(/\s+/g, " ").slice(0, 500);

/** ComfyUI's faults of single inputs, from `node_errors` wherever they appear in an answer. */
const nodeFaults = (
  body: unknown,
  parameterOf: Naming["parameterOf"],
  depth = 6,
): NodeFault[] => {
  if (isText(body) && body.includes("node_errors")) {
    body = bodyOf(body);
  }
  if (!isObject(body) || !depth) {
    return [];
  }
  const found = body["node_errors"];
  if (!isObject(found)) {
    return values(body).flatMap((each) =>
      nodeFaults(each, parameterOf, depth - 1),
    );
  }
  return entries(found).flatMap(([node, each]) => {
    const about = objectOf(each);
    return [about["errors"]]
      .flat()
      .filter(isObject)
      .map((error) => {
        const { input_name } = objectOf(error["extra_info"]);
        const key = `${node}-inputs-${textOf(input_name)}`;
        return nodeFault(
          node,
          about["class_type"],
          messageIn(error),
          input_name,
          parameterOf?.(key),
        );
      });
  });
};

/** What a text holds as JSON, or else the text; of an HTML page, only the title. */
const bodyOf = (body: unknown): unknown => {
  if (!isText(body)) {
    return body;
  }
  try {
    return readJson(body);
  } catch {
    return body.replace(/^\s*<(?:.*?<title[^<>]*>([^<]*))?.*/is, "$1");
  }
};

/** An answer's message, in the form of ViewComfy, FastAPI or ComfyUI, or as plain text. */
const messageIn = (body: unknown, depth = 6): string => {
  if (isText(body)) {
    return body;
  }
  const parts = !depth
    ? []
    : isArray(body)
      ? body
      : "errorMsg errorDetails detail message msg error details"
          .split(" ")
          .map((name) => objectOf(body)[name]);
  const words = parts.map((each) => messageIn(each, depth - 1)).filter(Boolean);
  return isArray(body) ? words.join("; ") : [...new Set(words)].join(": ");
};

/** A JSON value of an unknown form in words. */
const textOfAll = (body: unknown, depth = 6): string =>
  typeof body !== "object"
    ? String(body)
    : !body || !depth
      ? ""
      : entries(body)
          .map(
            ([name, each]) =>
              `${isArray(body) ? "" : `${name}: `}${textOfAll(each, depth - 1)}`,
          )
          .join(", ");

/** At most `most` of the texts, and how many more there are. */
const listed = (texts: readonly string[], most: number): string[] =>
  (texts[most]
    ? [...texts.slice(0, most), `and ${texts.length - most} more`]
    : texts
  ).map(printable);

/**
 * Server-sent events as they arrive; an incomplete one at the end is dropped. An answer of another
 * kind is the result itself.
 */
async function* eventsOf(
  answer: Answer,
  deadline: Deadline,
): AsyncGenerator<[type: string | undefined, data: string]> {
  if (!/^text\/event/.test(answer.headers.get("content-type") ?? "")) {
    return yield ["prompt_result", await content(answer, deadline)];
  }
  const decoder = new TextDecoder();
  let event: { event?: string[]; data?: string[] } = {};
  let partial = "";
  let afterCr = false;
  let size = 0;
  for await (const piece of piecesOf(answer, deadline)) {
    const text = decoder.decode(piece, { stream: true });
    size += text.length;
    if (size > LARGEST) {
      fail(ProtocolError, "the server sent an event without an end");
    }
    const lines = (afterCr ? text.replace(/^\n/, "") : text).split(/\r\n?|\n/);
    afterCr = text ? text.endsWith("\r") : afterCr;
    lines[0] = partial + lines[0];
    partial = lines.pop() ?? "";
    for (const line of lines) {
      const [, field, value = ""] =
        /^(data|event)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field) {
        (event[field as keyof typeof event] ??= []).push(value);
      } else if (!line) {
        if (event.data) {
          yield [event.event?.pop(), event.data.join("\n")];
        }
        event = {};
        size = 0;
      }
    }
  }
}

// What a run gives

/** How far a node has come: `value` of `total` steps. */
export interface Progress {
  readonly value: number;
  readonly total: number;
}

/** A server's object with its names in camelCase. */
const camelCased = (about: JsonObject): JsonObject =>
  fromEntries(
    entries(about).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );

/** A file that a run made. Its content is fetched or decoded on demand. */
export class OutputFile {
  declare readonly filename: string;
  declare readonly contentType: string;
  /** In bytes, if the server said. */
  declare readonly size: number | undefined;
  /** Where the file can be fetched for a while, if its content was not part of the answer. */
  declare readonly url: string | undefined;
  /** Whatever else the server said of it. */
  declare readonly extra: JsonObject;
  /** The id of the node that made it, if that is known. */
  declare readonly node: string | undefined;
  readonly #data: unknown;

  constructor(about: JsonObject, asked: Asked) {
    const { data, filepath, filename, contentType, size, ...extra } =
      camelCased(about);
    const name = textOf(filename) || "output";
    const link = textOf(filepath);
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

  /** The content as a Blob of its type. Throws ViewComfyError if it cannot be had. */
  blob(limits?: Limits): Promise<Blob> {
    return limited(LONGEST_RUN, limits, (deadline) =>
      gathered(this.#pieces(deadline), this.contentType),
    );
  }

  /** The content as text in UTF-8. Throws ViewComfyError if it cannot be had. */
  async text(limits?: Limits): Promise<string> {
    return (await this.blob(limits)).text();
  }

  /**
   * Write the file into a folder, which is created if needed, and return its path. For Node, Deno
   * and Bun.
   *
   * Never leaves the folder and never overwrites: if the name is taken, a number is added. The file
   * appears once it is complete. Throws ViewComfyError if the content cannot be had, and the
   * platform's own error if it cannot be written.
   */
  async save(directory: string, limits?: Limits): Promise<string> {
    const disk = await openDisk(directory);
    const temporary = `${directory}/.viewcomfy-${random("xxxxxxxxxxxx")}.part`;
    const [stem, suffix] = safeName(this.filename, this.contentType);
    try {
      await limited(LONGEST_RUN, limits, (deadline) =>
        disk.writeFile(temporary, this.#pieces(deadline)),
      );
      for (let number = 0; ; number++) {
        const path = `${directory}/${stem}${number ? ` (${number})` : ""}${suffix}`;
        try {
          // Fails if the name is taken, so that two runs at once cannot both take it.
          await disk.writeFile(path, "", { flag: "wx" });
          await disk.rename(temporary, path);
          return path;
        } catch (error) {
          if ((error as Thrown).code !== "EEXIST") {
            throw error;
          }
        }
      }
    } finally {
      await disk.rm(temporary, { force: true });
    }
  }

  /** The content as it arrives: it was part of the run's answer, or is fetched. */
  async *#pieces(deadline: Deadline): AsyncGenerator<Uint8Array> {
    const { filename, size, url } = this;
    const data = this.#data;
    if (data instanceof Uint8Array) {
      return yield data;
    }
    if (isText(data)) {
      return yield fromBase64(data.replace(/^data:[^,]{0,200},/, ""), () =>
        fail(
          ProtocolError,
          `${filename} arrived as broken base64`,
          "run it again",
        ),
      );
    }
    if (!url) {
      return fail(ProtocolError, `the server sent no content for ${filename}`);
    }
    const [ask] = serverAt(url);
    const answer = await ask("", deadline).catch((error: Refusal) => {
      const { status = 0 } = error;
      throw [401, 403, 404, 410].includes(status)
        ? new NotFoundError(
            `the server no longer has ${filename} (${status})`,
            "links to results expire: save them soon after the run, or run it again",
            { status },
          )
        : error;
    });
    let received = 0;
    for await (const piece of piecesOf(answer, deadline)) {
      received += piece.length;
      yield piece;
    }
    if (received !== (size ?? received)) {
      fail(
        ConnectionFailedError,
        `${filename} has ${size} bytes, but ${received} arrived`,
        "save it again",
      );
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
  /** The last lines of the server's log, if it streamed them. */
  declare readonly logs: readonly string[];
  /** Whatever else the server said. */
  declare readonly extra: JsonObject;

  /** Throws ViewComfyError for an answer that is not the result of a run that went well. */
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
    if ((promptId ?? status ?? completed ?? outputs) == null) {
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
        .map((each) => (isText(each) ? textFile(each) : each))
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
   * Write all outputs into a folder, as `OutputFile.save` does, and return their paths. Throws
   * SaveError, after the others were saved, naming those that could not be had or written.
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

const textFile = (text: string): JsonObject => {
  const data = utf8(text);
  return { filename: "output.txt", size: data.length, data };
};

const failIfFailed = (
  { status, completed, promptId }: PromptResult,
  details: unknown,
): void => {
  if (CANCELLED.test(status)) {
    fail(RunCancelledError, "the run was canceled at the server", undefined, {
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
};

const CANCELLED = /^(cancell?ed|interrupted)$/i;

/** The names that ComfyUI gives to the files of its preview nodes, which have no prefix. */
const PREVIEW = /^ComfyUI_temp_[a-z]{5}_\d+_\./;

/**
 * The node that made a file, if it can be known: by its prefix, or else by its kind. A preview's
 * file can only be that of a node without a prefix.
 */
const makerOf = (
  filename: string,
  contentType: string,
  { params, outputs = [] }: Asked,
): string | undefined => {
  const likeness = ({ node, prefix, prefix_input }: OutputNode): number => {
    if (prefix && PREVIEW.test(filename)) return -1;
    const sent = textOf(params[`${node}-inputs-${prefix_input}`]);
    // Folders are not part of a file's name, and what ComfyUI fills in (%date%) is unknown.
    const start = (sent || prefix || "").replace(/^.*[/\\]|%.*$/gs, "");
    return filename.startsWith(start) ? start.length : 0;
  };
  const longest = Math.max(...outputs.map(likeness));
  const nearest = outputs.filter((each) => likeness(each) === longest);
  const alike = nearest.filter(({ kind }) =>
    contentType.startsWith(`${kind}/`),
  );
  const [maker, second] = longest && !nearest[1] ? nearest : alike;
  return second ? undefined : maker?.node;
};

// Files on their way out

/** What is used of the platform's file system. */
interface Disk {
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  writeFile(
    path: string,
    data: AsyncIterable<Uint8Array> | string,
    options?: { flag: "wx" },
  ): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: true }): Promise<void>;
}

const openDisk = async (directory: string): Promise<Disk> => {
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
};

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * A file name from a server as a valid name on any system, as stem and suffix: without a path, not
 * a device, not too long.
 */
const safeName = (filename: string, contentType: string): [string, string] => {
  const plain = basename(filename).replace(
    /(?![\x80-\x9f])[\p{Cc}<>:"|?*]/gu,
    "_",
  );
  const name = (
    printable(plain).replace(/^ +|[ .]+$/g, "") ||
    `output${extensionOf(contentType)}`
  ).replace(
    /^(con|prn|aux|nul|(com|lpt)[0-9¹²³]|con(in|out)\$) *(\.|$)/i,
    "_$&",
  );
  const [end = ""] = /(?<=.)\.[^.]+$/s.exec(name) ?? [];
  const suffix = utf8(end).length > 20 ? "" : end;
  const stem = [...name.slice(0, name.length - suffix.length).slice(0, 180)];
  while (utf8(stem.join("") + suffix).length > 180) {
    stem.pop();
  }
  return [stem.join(""), suffix];
};

// Where a workflow runs

/** A file as it is sent. */
export interface Upload {
  /** The content, or where it is. */
  readonly data: Blob | { readonly url: string };
  readonly filename: string;
  readonly contentType: string;
  /** The content, when the call goes out. Throws ViewComfyError if it cannot be had. */
  blob(deadline: Deadline): Promise<Blob>;
}

/** How the parameters of a call are found. */
interface Naming {
  /** The parameter with this wire key. */
  readonly parameterOf?: ((key: string) => Named | undefined) | undefined;
}

/** One run as it is sent: values and files by wire key, and the workflow to run as JSON text. */
export interface Call extends Asked, Naming {
  readonly files: Readonly<Record<string, Upload>>;
  /** The workflow to run in place of the deployed one. */
  readonly override?: string | undefined;
}

/** The limits of a run, and who hears of it while it goes on. */
export interface Watch extends Limits {
  readonly onLog?: ((line: string) => void) | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Who hears of what looks wrong with a result; without `onWarning`, the console. */
export interface Warned {
  readonly onWarning?: ((warning: string) => void) | undefined;
}

/** Where a workflow runs. */
export interface Client {
  run(call: Call, watch?: Watch): Promise<PromptResult>;
}

/** What a run is doing; `unknown` if the server does not have the run, or no longer does. */
export type Status =
  "waiting" | "running" | "success" | "error" | "cancelled" | "unknown";

/** A client whose server keeps runs by their prompt id. */
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
 * The caller's credentials. The client id and secret, from ViewComfy's dashboard, belong on servers
 * and never in a browser, where everybody can read them: a browser app sends its user's `token`.
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

/** The request for a call, with these fields besides. */
const requestOf = async (
  { params, files, override, parameterOf }: Call,
  fields: Readonly<Record<string, string>>,
  deadline: Deadline,
): Promise<Request> => {
  const body = new FormData();
  body.append("params", writeJson(params));
  if (override) {
    body.append("workflow_api", override);
  }
  for (const [name, value] of entries(fields)) {
    body.append(name, value);
  }
  for (const [key, upload] of entries(files)) {
    body.append(key, await upload.blob(deadline), upload.filename);
  }
  return { body, parameterOf };
};

/** The progress bars of ComfyUI's samplers in a line of its log, with the steps done and to do. */
const BARS = /\d{1,3}%\|[^|]{0,400}\|\s{0,9}(\d{1,9})\/(\d{1,9}) ?\[/g;

/**
 * A deployment on ViewComfy's cloud, called at its endpoint, the `url` in ViewComfy's dashboard.
 * Throws ConfigurationError for a URL or credentials that cannot be right.
 */
export class ViewComfy implements Client {
  readonly #http: Http;

  constructor(options: { readonly url: string } & Credentials) {
    this.#http = serverAt(options.url, options);
  }

  /** Run the deployed workflow once and wait for its result. Throws ViewComfyError. */
  run(call: Call, watch?: Watch): Promise<PromptResult> {
    return limited(LONGEST_RUN, watch, async (deadline) => {
      const [ask, parsed, host, redacted] = this.#http;
      const logs: string[] = [];
      let failure: string | undefined;
      const answer = await ask("", deadline, {
        // Always as a stream: platforms give up on a request that stays silent for minutes.
        ...(await requestOf(call, { logs: "true" }, deadline)),
        headers: { Accept: "text/event-stream, application/json" },
      });
      for await (const [type, data] of eventsOf(answer, deadline)) {
        if (type === "prompt_result") {
          return new PromptResult(parsed(data), call, logs);
        }
        if (type === "log_message" || type === "error") {
          const line = redacted(data);
          failure = type === "error" ? line : failure;
          logs.push(line);
          logs.splice(0, logs.length - MOST_LOGS);
          watch?.onLog?.(line);
          for (const [, value, total] of line.matchAll(BARS)) {
            watch?.onProgress?.({ value: Number(value), total: Number(total) });
          }
        }
      }
      throw failure === undefined
        ? new ConnectionFailedError(
            `${host} ended the stream before the result`,
            `the run may still go on at the server; ${LOGS}`,
          )
        : executionError(failure);
    });
  }
}

/**
 * A deployment on ViewComfy's cloud, reached through its gateway, which keeps runs and their
 * results. `url` is the deployment's endpoint. It reports nothing of a run's log. Throws
 * ConfigurationError for URLs or credentials that cannot be right.
 */
export class ViewComfyGateway implements JobClient {
  readonly #request: Http[0];
  readonly #parsed: Http[1];
  readonly #host: string;
  readonly #deployment: string;

  constructor(
    options: { readonly url: string; readonly base?: string } & Credentials,
  ) {
    this.#deployment = options.url;
    serverAt(options.url);
    const base = options.base ?? "https://api.viewcomfy.com";
    [this.#request, this.#parsed, this.#host] = serverAt(
      `${base.replace(/\/+$/, "")}/api/workflow/infer`,
      options,
    );
  }

  /**
   * Run the deployed workflow once and wait for its result; aborting cancels it on the server too.
   * Throws ViewComfyError.
   */
  run(call: Call, watch?: Watch): Promise<PromptResult> {
    const promptId = uuid();
    return limited(LONGEST_RUN, watch, async (deadline) => {
      await this.#schedule(call, promptId, deadline);
      return this.#awaited(promptId, call, deadline);
    }).catch(async (error: unknown) => {
      if (error instanceof RunCancelledError && !error.atServer) {
        await this.cancel(promptId, { timeout: 10 }).catch(ignore);
      }
      throw error;
    });
  }

  /** Schedule a run and return its prompt id. Throws ViewComfyError. */
  async submit(call: Call, limits?: Limits): Promise<string> {
    const promptId = uuid();
    await limited(SHORT, limits, (deadline) =>
      this.#schedule(call, promptId, deadline),
    );
    return promptId;
  }

  /** What the run is doing. Throws ViewComfyError. */
  async status(promptId: string, limits?: Limits): Promise<Status> {
    const found = await limited(SHORT, limits, (deadline) =>
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
    limits?: Limits,
  ): Promise<PromptResult> {
    return limited(LONGEST_RUN, limits, (deadline) =>
      this.#awaited(promptId, asked, deadline),
    );
  }

  /** End the run. Throws ViewComfyError. */
  async cancel(promptId: string, limits?: Limits): Promise<void> {
    await limited(SHORT, limits, (deadline) =>
      this.#request("/cancel", deadline, {
        body: blobOf([writeJson(this.#about(promptId))], "application/json"),
        repeatable: true,
      }),
    );
  }

  /** What identifies a run to the gateway. */
  #about(promptId: string): Readonly<Record<string, string>> {
    return { prompt_id: promptId, view_comfy_api_url: this.#deployment };
  }

  /**
   * Schedules a run exactly once: after a broken connection, the server is asked whether it has the
   * run before it is sent again.
   */
  async #schedule(
    call: Call,
    promptId: string,
    deadline: Deadline,
  ): Promise<void> {
    const request = await requestOf(call, this.#about(promptId), deadline);
    for (let left = 3; ; left--) {
      try {
        await this.#json("", deadline, request);
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
      // A run that arrived shows up in a moment: ask twice before it is sent again.
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
        fail(
          NotFoundError,
          `${this.#host} no longer knows the run`,
          "run it again; if that happens again, tell ViewComfy",
          { promptId },
        );
      }
      await sleep(pause, deadline);
    }
  }

  async #json(
    path: string,
    deadline: Deadline,
    request?: Request,
  ): Promise<unknown> {
    const answer = await this.#request(path, deadline, request);
    return this.#parsed(await content(answer, deadline));
  }

  /** What the gateway knows of a run, if anything. */
  async #ask(
    promptId: string,
    deadline: Deadline,
  ): Promise<JsonObject | undefined> {
    const query = `/?prompt_ids=${encodeURIComponent(promptId)}`;
    const found = await this.#json(query, deadline);
    return isArray(found)
      ? found.filter(isObject).find((each) => each["promptId"] === promptId)
      : fail(
          ProtocolError,
          `${this.#host} answered with something other than a list of runs`,
          "check the URL of the gateway",
        );
  }
}

const isOver = ({ completed, status }: JsonObject): boolean =>
  completed === true || status === "success" || status === "error";

const uuid = (): string => random("xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx");

/** A run that was started, identified by its `promptId`. */
export interface Job<R> {
  readonly promptId: string;
  /** What the run is doing. Throws ViewComfyError. */
  status(limits?: Limits): Promise<Status>;
  /** Wait for the result; if the time runs out, the run goes on. Throws ViewComfyError. */
  result(limits?: Limits): Promise<R>;
  /** End the run, waiting or running; a finished one stays as it is. Throws ViewComfyError. */
  cancel(limits?: Limits): Promise<void>;
}

// A workflow's own part

/**
 * A workflow to run in place of the deployed one: `true` for the module's own, else its nodes or
 * their JSON text.
 */
export type Override = boolean | string | Graph | null | undefined;

/** How a call is sent. */
interface Sending {
  /** A workflow to run in place of the deployed one. */
  readonly overrideWorkflow?: Override;
  /**
   * What another workflow gets: the values that are not the module's defaults, so that it keeps its
   * own, or "all".
   */
  readonly send?: "changed" | "all" | undefined;
}

/** How a workflow is run. */
export interface RunOptions extends Watch, Warned, Sending {
  /** Where to run: ViewComfy, ViewComfyGateway or a client of your own. */
  readonly client: Client;
}

/** How a job is reopened. */
export interface JobOptions extends Warned {
  /** Where it runs: a client that keeps runs, such as ViewComfyGateway. */
  readonly client: JobClient;
}

/** How a job is started. */
export interface SubmitOptions extends JobOptions, Limits, Sending {}

/** What is sent for a call: the values and the files, both by wire key. */
export interface Wire {
  readonly params: Record<string, unknown>;
  readonly files: Record<string, Upload>;
}

/** How a call in JSON is read. */
export interface ParseOptions {
  /**
   * What stands for a file whose text is a URL: `(url) => new RemoteFile(url)` has it fetched when
   * the call runs. Without it, such texts are refused.
   */
  readonly urls?: ((url: string) => unknown) | undefined;
}

/** The JSON Schema of a workflow's calls. */
export interface CallSchema {
  readonly title: string;
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  readonly "x-viewcomfy-outputs": Readonly<Record<string, OutputNode>>;
}

/** What a module whose workflow takes files needs of this runtime. */
interface Files {
  file(value: unknown): unknown;
  uploadOf(value: unknown, field: Named): Upload;
}

/**
 * What a module in which some choices decide what other parameters take needs of this runtime: it
 * gives what a field takes under the choices of a call; if one is unknown, all that it ever takes.
 * Throws Refused for a value that the choices do not allow.
 */
type Branching = (
  field: Field,
  found: Values,
  schema: CallSchema,
  files: Files | undefined,
) => Branch | undefined;

/** What a generated module knows of its workflow. */
interface About<P, R> {
  /** The names in the schema by those in `Parameters` and in `Result`. */
  readonly parameters: Readonly<Record<keyof P & string, string>>;
  readonly outputs: Readonly<
    Record<Exclude<keyof R, keyof PromptResult> & string, string>
  >;
  /**
   * What is sent when a call has no other value, as JSON text: ViewComfy refuses an empty `params`.
   */
  readonly fallback?: string;
  /** The workflow's nodes by id, as JSON text. */
  readonly graph?: string;
  readonly files?: Files;
  readonly branching?: Branching;
}

/** The values of a call by the schema's names. */
type Values = Map<string, unknown>;

interface Field extends Named, Schema {
  readonly keys: readonly string[];
  readonly isFile: boolean;
  readonly branches: readonly Branch[] | undefined;
}

/** A deployed workflow: the parameters of a call to it, what a run gives, and its graph. */
export interface Workflow<P, R> extends About<P, R> {
  /** The JSON Schema of a call. */
  readonly schema: CallSchema;
  readonly fields: readonly Field[];
  readonly makers: readonly (OutputNode & { readonly property: string })[];
}

/** Any workflow, where its types do not matter. */
type Known = Workflow<object, PromptResult>;

/** The workflow of a generated module, which gives the schema of its calls as JSON text. */
export const workflowOf = <P, R>(
  about: About<P, R> & { readonly format: number; readonly schema: string },
): Workflow<P, R> => {
  if (about.format !== FORMAT) {
    fail(
      IncompatibleModuleError,
      "this module and its runtime are of different versions",
      "generate both again",
    );
  }
  const schema = readJson(about.schema) as CallSchema;
  return {
    ...about,
    schema,
    fields: entries<string>(about.parameters).map(([property, parameter]) => {
      const own = schema.properties[parameter] as Schema;
      return {
        ...own,
        parameter,
        property,
        keys: [own["x-viewcomfy-key"]].flat(),
        isFile: "x-viewcomfy-media" in own,
        branches: own["x-viewcomfy-branches"],
      };
    }),
    makers: entries<string>(about.outputs).map(([property, name]) => ({
      property,
      ...(schema["x-viewcomfy-outputs"][name] as OutputNode),
    })),
  };
};

/** What is sent for the parameters that a call leaves out, but for those without a default. */
export const defaultsOf = <P, N extends keyof P>(
  workflow: Workflow<P, never>,
): Readonly<Omit<Required<P>, N>> =>
  fromEntries(
    workflow.fields
      .filter((field) => "default" in field)
      .map((field) => [field.property, field.default]),
  ) as Omit<Required<P>, N>;

/** Everything that is wrong with a call in JSON, which may be text; empty if it is accepted. */
export const validateCall = (
  workflow: Known,
  call: unknown,
  options?: ParseOptions,
): Fault[] => read(workflow, call, options)[1];

/**
 * The parameters of a call in JSON, which may be text. Throws InvalidParametersError with all
 * faults at once.
 */
export const parseCall = <P, R>(
  workflow: Workflow<P, R>,
  call: unknown,
  options?: ParseOptions,
): P => {
  const [found, faults] = read(workflow, call, options);
  refuseAll(faults);
  return found as P;
};

/**
 * The call as JSON text, by the schema's names, files as `data:` URIs or URLs. Throws
 * InvalidParametersError.
 */
export const writeCall = async <P extends object, R>(
  workflow: Workflow<P, R>,
  parameters: P,
): Promise<string> => {
  const { files } = wireOf(workflow, parameters);
  const call: Record<string, unknown> = {};
  const visit: Visit = (field, value) => {
    if (value instanceof Stored) {
      refuse(`${value.name} is on the server: there is no content to write`);
    }
    call[field.parameter] = value;
  };
  refuseAll(checked(workflow, parameters, "property", visit)[1]);
  for (const { parameter, keys } of workflow.fields) {
    const upload = files[keys[0] ?? ""];
    if (upload && !isText(call[parameter])) {
      call[parameter] = await linkOf(upload);
    }
  }
  return writeJson(call);
};

/** The text that `parse` reads as the same file. */
const linkOf = async ({ data, contentType }: Upload): Promise<string> => {
  if (!(data instanceof Blob)) {
    return data.url;
  }
  const bytes = new Uint8Array(await data.arrayBuffer());
  let binary = "";
  for (let place = 0; place < bytes.length; place += 4096) {
    binary += String.fromCharCode(...bytes.subarray(place, place + 4096));
  }
  return `data:${contentType};base64,${btoa(binary)}`;
};

/**
 * What is sent for a call: all values, untouched ones too; files where they are set; a seed of null
 * as a number drawn from its range. Throws InvalidParametersError with all faults at once.
 */
export const wireOf = <P extends object, R>(
  workflow: Workflow<P, R>,
  parameters: P,
): Wire => {
  const params: Record<string, unknown> = {};
  const uploads: Record<string, Upload> = {};
  const { fallback, files } = workflow;
  const visit: Visit = (field, value, branch) => {
    const { keys, isFile, branches } = field;
    const isChosen = !branches || (branch && (value !== null || branch.draws));
    if (!isChosen || (isFile && value === null)) {
      return;
    }
    const upload =
      files &&
      isFile &&
      !(value instanceof Stored) &&
      files.uploadOf(value, field);
    const sent =
      value === null && field.type ? drawn(branch ?? field) : wired(value);
    for (const key of keys) {
      if (upload) {
        uploads[key] = upload;
      } else {
        params[key] = sent;
      }
    }
    const at = optionsOf(field)?.indexOf(value);
    if (at! >= 0) {
      [field["x-viewcomfy-place"] ?? []]
        .flat()
        .forEach((place) => (params[place] = at));
    }
  };
  refuseAll(checked(workflow, parameters, "property", visit)[1]);
  if (!hasAny(params) && fallback) {
    assign(params, readJson(fallback));
  }
  return { params, files: uploads };
};

/** Run the workflow once and wait for its result. Throws ViewComfyError. */
export const runWorkflow = async <P extends object, R>(
  workflow: Workflow<P, R>,
  parameters: P,
  options: RunOptions,
): Promise<R> => {
  const client = clientOf(options, "run");
  const call = callOf(workflow, parameters, options);
  return resultOf(workflow, await client.run(call, options), options, call);
};

/** Start a run and return at once, with its job. Throws ViewComfyError. */
export const submitWorkflow = async <P extends object, R>(
  workflow: Workflow<P, R>,
  parameters: P,
  options: SubmitOptions,
): Promise<Job<R>> => {
  const client = clientOf(options, "submit");
  const call = callOf(workflow, parameters, options);
  return jobOf(workflow, await client.submit(call, options), options, call);
};

/** The job of a run, which may have been started elsewhere. */
export const jobOf = <P, R>(
  workflow: Workflow<P, R>,
  promptId: string,
  options: JobOptions,
  asked: Asked & Partial<Call> = { params: {}, outputs: workflow.makers },
): Job<R> => {
  const client = clientOf(options, "submit");
  return {
    promptId,
    status: (limits) => client.status(promptId, limits),
    cancel: (limits) => client.cancel(promptId, limits),
    result: async (limits) =>
      resultOf(
        workflow,
        await client.result(promptId, asked, limits),
        options,
        asked,
      ),
  };
};

const fieldOf = (workflow: Known, key: string): Field | undefined =>
  workflow.fields.find((field) => field.keys.includes(key));

/** The result with its outputs as properties; warns of what looks wrong with it. */
const resultOf = <P, R>(
  { makers, schema, graph }: Workflow<P, R>,
  made: PromptResult,
  { onWarning = console.warn }: Warned,
  { files, override = graph }: Partial<Call>,
): R => {
  for (const { property, node, kind } of makers) {
    Object.defineProperty(made, property, {
      get: () => (kind === "text" ? made.textsOf(node) : made.of(node)),
    });
  }
  const unknown = made.outputs
    .filter((output) => !output.node)
    .map((output) => output.filename);
  if (makers[0] && unknown[0]) {
    onWarning(
      `AmbiguousOutputWarning: ${listed(unknown, 3).join(", ")}: can't tell which output node made this\n` +
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
        `DifferentWorkflowWarning: a different workflow ran than the one '${schema.title}' was generated from:\n  ` +
          `${listed(found, 5).join("\n  ")}\n` +
          "hint: generate the module from the deployed workflow, or override that with the module's own",
      );
    }
  }
  return made as R;
};

/** The call as it is sent. Throws ViewComfyError. */
const callOf = <P extends object, R>(
  workflow: Workflow<P, R>,
  parameters: P,
  options: Sending,
): Call => {
  const { overrideWorkflow } = options;
  const override = overrideOf(overrideWorkflow, workflow.graph);
  const wire = wireOf(workflow, parameters);
  const params =
    override && overrideWorkflow !== true
      ? paramsFor(readJson(override) as Graph, workflow, wire, options.send)
      : wire.params;
  if (!hasAny(params)) {
    fail(
      InvalidWorkflowError,
      `the workflow '${workflow.schema.title}' has no value that a call could send, and ViewComfy refuses an empty call`,
      "set any value in one of its nodes and export it again",
    );
  }
  return {
    ...wire,
    params,
    override,
    outputs: workflow.makers,
    parameterOf: (key) => fieldOf(workflow, key),
  };
};

/** The values that another workflow gets: it keeps its own for those that are the defaults here. */
const paramsFor = (
  graph: Graph,
  workflow: Known,
  { params, files }: Wire,
  send = "changed",
): JsonObject => {
  const kept = entries(params).filter(([key, value]) => {
    const own = fieldOf(workflow, key)?.default;
    return (
      send === "all" ||
      own == null ||
      writeJson(value) !== writeJson(wired(own))
    );
  });
  const found = fromEntries(kept);
  refuseAll(
    keys({ ...found, ...files })
      .filter((key) => !hasOwn(graph, key.replace(/-inputs-.*/s, "")))
      .map((key) =>
        faultOf(
          fieldOf(workflow, key) ?? alike(key),
          "the workflow doesn't have this node",
        ),
      ),
  );
  // ViewComfy refuses an empty call: send any value of the workflow itself, preferably a seed.
  const own = entries(graph).flatMap(([id, node]) =>
    entries(inputsOf(node))
      .filter(([, value]) => typeof value !== "object")
      .map(([name, value]) => [`${id}-inputs-${name}`, value] as const),
  );
  const any = own.find(([key]) => key.endsWith("seed")) ?? own[0];
  return kept[0] || !any ? found : fromEntries([any]);
};

/** The values of a call in JSON by property, and its faults. */
const read = (
  workflow: Known,
  call: unknown,
  { urls }: ParseOptions = {},
): [Record<string, unknown>, Fault[]] => {
  try {
    call = isText(call) ? readJson(call) : call;
  } catch {
    // Reported below.
  }
  if (!isObject(call)) {
    const message = "must be an object of names and values";
    return [{}, [faultOf(alike("(the call)"), message)]];
  }
  const given = { ...call };
  for (const { parameter, isFile } of workflow.fields) {
    const value = textOf(given[parameter]);
    if (urls && isFile && isUrl(value)) {
      given[parameter] = urls(value);
    }
  }
  const [found, faults] = checked(
    workflow,
    given,
    "parameter",
    ignore,
    nearest,
  );
  return [
    fromEntries(
      workflow.fields.flatMap(({ parameter, property }) =>
        hasOwn(given, parameter) ? [[property, found.get(parameter)]] : [],
      ),
    ),
    faults,
  ];
};

/**
 * What is done with a value of a call, in the branch that counts for it, if it has any. Throws
 * Refused.
 */
type Visit = (field: Field, value: unknown, branch: Branch | undefined) => void;

/**
 * The values of a call by the schema's names, with the defaults of what it leaves out, and its
 * faults.
 */
const checked = (
  workflow: Known,
  call: object,
  by: keyof Named,
  visit: Visit,
  suggested?: typeof nearest,
): [Values, Fault[]] => {
  const { fields, files, branching, schema } = workflow;
  const given = new Map<string, unknown>(
    entries(call).filter(([, value]) => value !== undefined),
  );
  const known = fields.map((field) => field[by]);
  const faults = [...given.keys()]
    .filter((name) => !known.includes(name))
    .map((name) =>
      faultOf(
        alike(name),
        `is not a parameter${suggested?.(name, known) ?? ""}`,
      ),
    );
  const found: Values = new Map();
  /** Does what may refuse the values of fields; a refusal becomes one of the faults. */
  const each = (action: (field: Field) => void): void => {
    for (const field of fields) {
      try {
        action(field);
      } catch (error) {
        if (!(error instanceof Refused)) {
          throw error;
        }
        faults.push(faultOf(field, error.message));
      }
    }
  };
  each((field) => {
    const { parameter } = field;
    const value = given.get(field[by]);
    if (value !== undefined) {
      found.set(
        parameter,
        field.branches && value === null ? value : accept(field, value, files),
      );
    } else if (schema.required.includes(parameter)) {
      refuse("is required");
    } else if ("default" in field) {
      found.set(parameter, field.default);
    }
  });
  each((field) => {
    const value = found.get(field.parameter);
    const branch = branching?.(field, found, schema, files);
    if (value !== undefined) {
      visit(field, value, branch);
    }
  });
  return [found, faults];
};

const refuseAll = (faults: readonly Fault[]): void => {
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
};

/** A value as it is sent: a list is wrapped, since a bare one would be a link. */
const wired = (value: unknown): unknown =>
  value instanceof Stored
    ? value.name
    : isArray(value)
      ? { __value__: value }
      : value;

const hasAny = (params: JsonObject): boolean => !!keys(params)[0];

/** A node's class; empty if it is not a node. */
const classOf = (node: unknown): string => textOf(objectOf(node)["class_type"]);

const inputsOf = (node: unknown): JsonObject =>
  objectOf(objectOf(node)["inputs"]);

/** How a workflow that ran differs from the known one, apart from the values that were sent. */
const differences = (
  ran: Graph,
  known: Graph,
  sent: readonly string[],
): string[] => {
  const missing = keys(known)
    .filter((id) => !(id in ran))
    .map((id) => `node ${id} (${classOf(known[id])}) is missing`);
  const others = entries(ran).flatMap(([id, node]) => {
    const kind = classOf(node);
    const own = known[id];
    if (!own) {
      return `node ${id} (${kind}) is new`;
    }
    if (kind !== classOf(own)) {
      return `node ${id} is ${kind}, not ${classOf(own)}`;
    }
    const inputs = inputsOf(node);
    const before = inputsOf(own);
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
};

/** A seed from the range of its input; if that is unknown, from what all nodes accept. */
const drawn = ({ minimum = 0, maximum = 2 ** 32 - 1 }: Taking): Whole => {
  // Negative seeds are commands to some nodes (-1: random, -2: increment), so none is drawn.
  const least = BigInt(maximum < 0 ? maximum : minimum > 0 ? minimum : 0);
  const span = BigInt(maximum) - least + 1n;
  return exact(
    least + (BigInt(`0x${random("x".repeat(32))}`) % (span > 0 ? span : 1n)),
  );
};

const clientOf = <T extends Client>(
  { client }: { readonly client: T },
  method: string,
): T => {
  return client && method in client
    ? client
    : fail(
        MissingSettingsError,
        `no client that can ${method} is given`,
        "pass a ViewComfy or a ViewComfyGateway, which alone keeps jobs",
      );
};

/** The JSON text of the workflow that `override` stands for. */
const overrideOf = (
  override: Override,
  own: string | undefined,
): string | undefined => {
  if (!override && !isText(override)) {
    return undefined;
  }
  const given =
    override === true
      ? (own ??
        fail(
          InvalidWorkflowError,
          "the module doesn't contain its workflow",
          "generate it again without --no-embed, or give the workflow's nodes",
        ))
      : override;
  try {
    const text = isText(given) ? given : writeJson(given);
    const nodes = values(readJson(text) as Graph);
    if (nodes[0] && nodes.every(classOf)) {
      return text;
    }
  } catch {
    // Reported below.
  }
  return fail(
    InvalidWorkflowError,
    "overrideWorkflow isn't a workflow in ComfyUI's API format",
    "export it with File > Export (API)",
  );
};

// #region FILES

// Files on their way in

/**
 * What a file parameter accepts: a Blob or File, its bytes, the text of a `data:` URI, a file at a
 * URL, or one that the server already has. A plain text is never a path. Blobs are streamed where
 * the platform can: `await openAsBlob("me.png")` in Node 20, `Bun.file("me.png")` in Bun.
 */
export type FileInput =
  Blob | ArrayBuffer | Uint8Array | Stored | RemoteFile | `data:${string}`;

/** A file that is somewhere else. */
abstract class Remote {
  abstract readonly url: string;
  /** Its name there, if it has one. */
  abstract readonly name: string;

  /** Throws Refused if it cannot be fetched from there. */
  abstract check(): void;

  /** The content, for a parameter. Throws ViewComfyError if it cannot be had. */
  abstract fetch(parameter: Named, deadline: Deadline): Promise<Blob>;
}

const file = (value: unknown): FileInput => {
  if (value instanceof Remote) {
    value.check();
  } else if (isText(value) && !value.startsWith("data:")) {
    refuse(
      /^https?:\/\//i.test(value)
        ? `a string must be a data: URI, so that a caller can't have files fetched; for a file at a URL pass new RemoteFile(${short(value)})`
        : `a plain string must be a data: URI, never a path; pass a Blob for ${short(value)}`,
    );
  }
  return isText(value) ||
    [Blob, ArrayBuffer, Uint8Array, Stored, Remote].some(
      (kind) => value instanceof kind,
    )
    ? (value as FileInput)
    : refuse(
        `must be a file (Blob, ArrayBuffer, Uint8Array, Stored, RemoteFile or data: URI), not ${short(value)}`,
      );
};

/** What files begin with, by their usual extensions. */
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

/** Bytes as a Blob; their type is that of what they begin with, unless it is known. */
const typed = (bytes: Uint8Array, type?: string): Blob => {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  const end = keys(BEGINNINGS).find((each) => BEGINNINGS[each]?.test(start));
  return blobOf([bytes], type ?? typeOf(`.${end}`));
};

/** The file as it is sent for a field. Throws Refused. */
const uploadOf = (value: unknown, field: Named): Upload => {
  const data = isText(value)
    ? fromDataUri(value)
    : value instanceof Blob || value instanceof Remote
      ? value
      : typed(new Uint8Array(value as ArrayBuffer));
  const { name = "", type = "", size } = data as Partial<Blob & Remote>;
  const filename = basename(name) || field.parameter + extensionOf(type);
  if (size === 0) {
    refuse(`the file ${filename} can't be sent: it is empty`);
  }
  const contentType = type || typeOf(filename);
  return {
    data,
    filename,
    contentType,
    async blob(deadline) {
      const found =
        data instanceof Remote ? await data.fetch(field, deadline) : data;
      const known = (contentType === UNKNOWN && found.type) || contentType;
      return found.slice(0, found.size, known);
    },
  };
};

const fromDataUri = (uri: string): Blob => {
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
  return typed(
    base64
      ? fromBase64(binary, () => refuse("the data: URI isn't valid base64"))
      : bytesOf(binary),
    type,
  );
};

/** For a module that takes files. */
export const FILES: Files = { file, uploadOf };

/** How a file at a URL is fetched. */
export interface Fetching {
  /** Whether private addresses are fetched from: never for a URL from somebody else. */
  readonly allowPrivate?: boolean | undefined;
  /** The most bytes that the file may have: 1 GiB by default. */
  readonly maxBytes?: number | undefined;
}

/**
 * A file at an http or https URL. It is fetched when the call runs, within its time and without
 * credentials, and passed on. Node, Deno and Bun fetch from public addresses only, unless
 * `allowPrivate` is true.
 */
export class RemoteFile extends Remote {
  readonly url: string;
  readonly #fetching: Fetching;

  constructor(url: URL | string, fetching: Fetching = {}) {
    super();
    this.url = String(url);
    this.#fetching = fetching;
  }

  /** The end of the URL's path, without what has a meaning for a path or a header. */
  get name(): string {
    let name = basename(new URL(this.url).pathname);
    try {
      name = decodeURIComponent(name);
    } catch {
      // A name that is not encoded stays as it is.
    }
    return name
      .replace(/[^\p{L}\p{N}_ .()+-]/gu, "_")
      .replace(/^[ .]+|[ .]+$/g, "")
      .slice(-100);
  }

  check(): void {
    if (!isUrl(this.url) || /^\w+:\/\/[^/?#]*@/.test(linked(this.url))) {
      refuse(
        "a URL must begin with https:// or http://, without a user name or a password in it",
      );
    }
  }

  async fetch(parameter: Named, deadline: Deadline): Promise<Blob> {
    const { allowPrivate, maxBytes = 2 ** 30 } = this.#fetching;
    const origin = hostOf(this.url);
    try {
      const send = SERVER && !allowPrivate ? publicFetch : undefined;
      const [ask] = serverAt(this.url, undefined, send);
      const answer = await ask("", deadline, { repeatable: false });
      return await gathered(
        piecesOf(answer, deadline),
        answer.headers.get("content-type"),
        maxBytes,
        () => refuse(`the file at ${origin} has more than ${maxBytes} bytes`),
      );
    } catch (error) {
      deadline.throwIfAborted();
      const { status, message } = error as Refusal;
      if (error instanceof ConnectionFailedError) {
        const what = `a file at ${origin} can't be fetched: ${message}`;
        fail(ConnectionFailedError, what, error.hint, { nothingSent: true });
      }
      const words = status ? `${origin} answered ${status}` : message;
      refuseAll([faultOf(parameter, words)]);
      throw error;
    }
  }
}

/** Addresses that are not public: this machine's, its network's and reserved ones. */
const PRIVATE =
  /^(0|10|127|22[4-9]|2[345]\d|169\.254|172\.(1[6-9]|2\d|3[01])|192\.(168|0\.[02])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])|198\.(1[89]|51\.100)|203\.0\.113)\.|^(?![23]\w{3}:).*:|^(2001:(:|\w\w?:|1\w\w:|db8:)|2002:|3fff:)/;

/** An address of a host, as the platform finds it. */
interface Address {
  readonly address: string;
  readonly family: number;
}

/** Tells a connection which address to use. */
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
}

/**
 * Like `fetch`, but from public addresses only, so that no URL leads into one's own network: the
 * address that is connected to was checked after the host's name was resolved.
 */
const publicFetch = async (
  url: string,
  { signal }: RequestInit,
): Promise<Answer> => {
  const { hostname, protocol } = new URL(url);
  const check = ({ address }: Pick<Address, "address">): void => {
    if (PRIVATE.test(address)) {
      refuse(
        `${hostname} has an address that isn't public; pass allowPrivate to fetch it anyway`,
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
    // A connection of its own: the address of one that is kept open was not checked.
    get(url, { signal, lookup, agent: false }, (message) => {
      const pieces = message[Symbol.asyncIterator]();
      resolve({
        url,
        status: message.statusCode,
        headers: new Headers(message.headers),
        body: { getReader: () => ({ read: () => pieces.next() }) },
      });
    }).on("error", reject);
  });
};

// #endregion

// #region BRANCHING

/** For a module in which some parameters depend on the choices of others. */
export const BRANCHING: Branching = (field, found, { properties }, files) => {
  const { branches = [], parameter } = field;
  const value = found.get(parameter) ?? null;
  const choices = branches.flatMap(({ when }) => keys(when));
  const isKnown = (name: string): boolean =>
    found.get(name) === null ||
    (optionsOf(properties[name] as Schema)?.includes(found.get(name)) ?? true);
  const branch =
    branches.find(({ when }) =>
      entries(when).every(([name, chosen]) => chosen.includes(found.get(name))),
    ) ?? (choices.every(isKnown) ? undefined : { ...field, when: {} });
  if (
    !branches[0] ||
    value === null ||
    !choices.every((each) => found.has(each))
  ) {
    return branch;
  }
  if (branch) {
    try {
      accept(branch, value, files);
    } catch (error) {
      if (branch.where && error instanceof Refused) {
        error.message += `, where ${branch.where}`;
      }
      throw error;
    }
  } else if (writeJson(value) !== writeJson(field.default ?? null)) {
    refuse(`applies only where ${field["x-viewcomfy-where"]}: leave it out`);
  }
  return branch;
};

// #endregion
