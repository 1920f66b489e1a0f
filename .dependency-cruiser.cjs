// The floors of docs/architecture/README.md as rules: a folder may import its own floor's folder and the floors below it.
const floors = [
  ["kernel"],
  ["protocol", "contracts"],
  ["store"],
  ["plugins"],
  ["runtime"],
  ["channels"],
  ["gateway"],
  ["cli"],
  ["plugin-sdk"],
];

const upward = floors
  .flatMap((rooms, level) =>
    rooms.map((room) => {
      const above = floors.slice(level + 1).flat();
      const beside = rooms.filter((other) => other !== room);
      const forbidden = [...above, ...(room === "protocol" ? beside : [])];
      return {
        name: `floor-${room}`,
        comment: `src/${room} may import only the floors below it.`,
        severity: "error",
        from: { path: `^src/${room}/` },
        to: { path: `^src/(${forbidden.join("|")}|index\\.ts)(/|$)` },
      };
    }),
  )
  .filter((rule) => !rule.to.path.includes("()"));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "runtime-rooms-have-one-door",
      comment:
        "From above, a room of src/runtime is entered by its index.ts; what is loaded later may be named itself.",
      severity: "error",
      from: { path: "^src/(channels|gateway|cli|plugin-sdk)/" },
      to: { path: "^src/runtime/[^/]+/(?!index\\.ts$)", dynamic: false },
    },
    {
      name: "extensions-use-the-sdk-only",
      comment: "An extension imports the plugin SDK, its own files and its own packages.",
      severity: "error",
      from: { path: "^extensions/([^/]+)/" },
      to: { path: "^(src/(?!plugin-sdk/)|extensions/(?!$1/))" },
    },
    {
      name: "driver-only-in-the-store-worker",
      comment: "The event loop never imports the SQLite driver.",
      severity: "error",
      from: { path: "^(src|extensions)/", pathNot: "^src/store/(engine/sqlite|worker)" },
      to: { path: "better-sqlite3" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ["import", "require", "node", "default"],
      exportsFields: ["exports"],
    },
  },
};
