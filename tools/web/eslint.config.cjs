// How scripts are written. Which names exist is checked by TypeScript.
"use strict";
const recommended = require("@eslint/js").configs.recommended;

module.exports = [
  recommended,
  { files: ["**/*.js", "**/*.cjs"], languageOptions: { sourceType: "script" } },
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      complexity: ["error", 12],
      "max-len": ["error", { code: 120, ignoreRegExpLiterals: true }],
      "no-nested-ternary": "error",
      "no-param-reassign": "error",
      "no-undef": "off",
      "no-unused-vars": ["error", { vars: "local" }], // a script offers names to those after it
      "one-var": ["error", "never"],
    },
  },
];
