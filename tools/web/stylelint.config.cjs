"use strict";

module.exports = {
  extends: ["stylelint-config-recommended"],
  rules: {
    "no-descending-specificity": null, // rules are ordered by the part of a page
  },
};
