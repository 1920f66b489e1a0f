import type {
  GatewayMethodRegistration,
  GatewayMethodScope,
  HttpRouteRegistration,
} from "../../../contracts/registrations.ts";
import { isRecord } from "../../../kernel/records.ts";
import { isAdminMethodName, isOperatorScope, OPERATOR_SCOPES } from "../../../protocol/scopes.ts";
import { isRefused, nonEmpty, readIdentified } from "../checks.ts";
import { canonicalRoutePath } from "../route-path.ts";
import { type Accepted, type KindRow, malformed, type Note, type Refused, refuse } from "../row.ts";

/** Ways into the gateway, and work that runs with it. */
export const gatewayKinds: readonly KindRow[] = [
  {
    kind: "httpRoute",
    method: "registerHttpRoute",
    summary: "An HTTP endpoint on the gateway's port, with gateway or plugin authentication",
    spec: "3.7",
    features: ["F068"],
    scope: "global",
    again: "replace",
    alsoIn: ["setup-runtime"],
    read: ([route]) => readRoute(route),
  },
  {
    kind: "gatewayMethod",
    method: "registerGatewayMethod",
    summary: "An RPC method of the gateway",
    spec: "3.8",
    features: ["F069"],
    scope: "global",
    again: "error",
    alsoIn: ["setup-runtime"],
    read: readGatewayMethod,
  },
  {
    kind: "gatewayAccessPolicy",
    method: "registerGatewayAccessPolicy",
    summary: "A further requirement on authenticated persons",
    spec: "3.8",
    features: ["F266"],
    scope: "plugin",
    again: "replace",
    unconsumed: true,
    read: ([policy], { id }) =>
      isRecord(policy) && typeof policy["authorize"] === "function"
        ? { keys: [id], value: policy }
        : malformed('gateway access policy: "authorize" must be a function'),
  },
  {
    kind: "service",
    method: "registerService",
    summary: "Background work that starts with the gateway and stops with the plugin",
    spec: "3.11",
    features: ["F079"],
    scope: "global",
    again: "ignore",
    read: ([value]) => {
      const read = readIdentified(value, {
        noun: "service",
        functions: ["start"],
        optionalFunctions: ["stop"],
      });
      return isRefused(read) ? read : { ...read, lasting: ["start"] };
    },
  },
  {
    kind: "gatewayDiscoveryService",
    method: "registerGatewayDiscoveryService",
    summary: "Advertises the gateway on the local network; a routing hint, never authentication",
    spec: "3.11",
    features: ["F070", "F071", "F072", "F073"],
    scope: "global",
    again: "ignore",
    capability: "gateway-discovery",
    read: ([value]) => {
      const read = readIdentified(value, { noun: "gateway discovery service", functions: ["advertise"] });
      return isRefused(read) ? read : { ...read, lasting: ["advertise"] };
    },
  },
];

function readRoute(route: unknown): Accepted | Refused {
  if (!isRecord(route)) return malformed("HTTP route: expected an object");
  const given = nonEmpty(route["path"]);
  if (!given) return refuse("registration-malformed", 'HTTP route: "path" is missing', "warn");
  const path = given.startsWith("/") ? given : `/${given}`;
  const { auth, match = "exact" } = route;
  if (auth !== "gateway" && auth !== "plugin") {
    return refuse(
      "route-auth-invalid",
      `HTTP route ${path}: "auth" must be "gateway", or "plugin" when the plugin checks its own signature`,
    );
  }
  if (typeof route["handler"] !== "function")
    return malformed(`HTTP route ${path}: "handler" must be a function`);
  if (match !== "exact" && match !== "prefix") {
    return malformed(`HTTP route ${path}: "match" must be "exact" or "prefix"`);
  }
  const canonical = canonicalRoutePath(path);
  if ("problem" in canonical) return malformed(`HTTP route ${path}: ${canonical.problem}`);
  const overrides: Omit<HttpRouteRegistration, "auth" | "handler"> = {
    path,
    match,
    canonicalPath: canonical.path,
  };
  return { keys: [`${match} ${canonical.path}`], value: route, overrides: { ...overrides } };
}

function readGatewayMethod([rawName, handler, options]: readonly unknown[]): Accepted | Refused {
  const name = nonEmpty(rawName);
  if (!name) return { refused: [] };
  if (typeof handler !== "function") return malformed(`gateway method "${name}": expected a function`);
  const given = isRecord(options) ? options : {};
  const notes: Note[] = [];
  const asked = given["scope"] ?? "operator.admin";
  if (asked !== "node" && !isOperatorScope(asked)) {
    return malformed(
      `gateway method "${name}": unknown scope "${String(asked)}"; there are ${OPERATOR_SCOPES.join(", ")}, and "node"`,
    );
  }
  let scope: GatewayMethodScope = asked;
  if (scope !== "operator.admin" && isAdminMethodName(name)) {
    notes.push({
      level: "warn",
      code: "scope-coerced-admin",
      message: `gateway method "${name}" needs operator.admin because of its name; "${scope}" is ignored`,
    });
    scope = "operator.admin";
  }
  const access = given["profileAccess"];
  const value: GatewayMethodRegistration = {
    name,
    scope,
    handler: handler as GatewayMethodRegistration["handler"],
    ...(access === "independent" || access === "required" ? { profileAccess: access } : {}),
  };
  return { keys: [name], value, notes };
}
