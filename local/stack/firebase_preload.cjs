// Preloaded into firebase-tools (node --require). Each part is left out where another version has another layout.
"use strict";
const net = require("node:net");
const { createRequire } = require("node:module");

const fromFirebase = createRequire(process.argv[1]);

// The auth emulator makes some 350 JSON-schema validators from Google's API description, and each checks its own schema
// first: that took most of its start-up time. The description is a fixed file of the package, so that check is left out,
// and a validator is made when the first request needs it; most are never needed. The validators themselves, and with
// them the checks of requests, stay as they are.
try {
  const fromExegesis = createRequire(fromFirebase.resolve("exegesis"));
  fromExegesis("ajv/dist/core").default.prototype.validateSchema = () => true;
  const validators = fromExegesis("./oas3/Schema/validators");
  for (const name of ["generateRequestValidator", "generateResponseValidator"]) {
    const generate = validators[name];
    validators[name] = (...description) => {
      let validate;
      return (value) => (validate ??= generate(...description))(value);
    };
  }
} catch {
  // It starts as slowly as it would have.
}

// A worker's port is looked for among a thousand and bound a good while later. Two workers that start together, also of
// two stacks, may get the same one, and the emulator then takes the one for the other and sends it the wrong requests.
// The system's own choice among tens of thousands, and never the same port twice, avoids that.
const given = new Set();

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function portNeverGivenBefore() {
  for (;;) {
    const port = await freePort();
    if (!given.has(port)) {
      given.add(port);
      if (given.size > 10000) given.clear();
      return port;
    }
  }
}

try {
  fromFirebase("portfinder").getPortPromise = portNeverGivenBefore;
} catch {
  // The ports are chosen as they would have been.
}
