/** Layout props become styles, and nothing else gets through. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { colour, ground } from "./colour";
import { block, border, box, length, radius, space, spacing } from "./style";

test("sizes are pixels, spacing is units", () => {
  assert.equal(length(120), "120px");
  assert.equal(length("50%"), "50%");
  assert.equal(length("120"), "120px");
  assert.equal(length("fit-content"), "fit-content");
  assert.equal(length("calc(100% - 16px)"), "calc(100% - 16px)");
  assert.equal(space(3), "calc(var(--fd-unit) * 3)");
  assert.equal(space(0), "0px");
  assert.equal(space("1.5rem"), "1.5rem");
});

test("what is no length is left out", () => {
  const wild = ["-4px", -4, NaN, Infinity, "url(x)", "1px;color:red", "var(--x)", "calc(1px + url(x))", "expression(1)", {}, null, true, "9".repeat(80) + "px"];
  for (const value of wild) {
    assert.equal(length(value), undefined, String(value));
    assert.equal(space(value), undefined, String(value));
  }
  assert.equal(length(1e9), "4096px");
});

test("spacing by side, in reading direction", () => {
  assert.deepEqual(spacing("padding", { x: 2, top: 1, left: 4 }), {
    paddingInline: "calc(var(--fd-unit) * 2)",
    paddingBlockStart: "calc(var(--fd-unit) * 1)",
    paddingInlineStart: "calc(var(--fd-unit) * 4)",
  });
  assert.deepEqual(spacing("margin", "8px 4"), { margin: "8px calc(var(--fd-unit) * 4)" });
  assert.deepEqual(spacing("margin", "8px -4px"), {});
  assert.deepEqual(spacing("margin", { top: -1, bottom: "x" }), {});
});

test("borders", () => {
  assert.deepEqual(border(1), { borderWidth: "1px", borderStyle: "solid", borderColor: "var(--fd-line)" });
  assert.deepEqual(border({ bottom: { size: 2, style: "dashed", color: "strong" } }), {
    borderBlockEndWidth: "2px",
    borderBlockEndStyle: "dashed",
    borderBlockEndColor: "var(--fd-line-strong)",
  });
  assert.deepEqual(border({ size: 1, style: "url(x)", color: "url(x)" }), { borderWidth: "1px", borderStyle: "solid", borderColor: "var(--fd-line)" });
  assert.deepEqual(border("1px solid red"), {});
});

test("corners are as round as the theme", () => {
  assert.equal(radius("md"), "calc(var(--fd-radius) * 0.5)");
  assert.equal(radius("full"), "9999px");
  assert.equal(radius("toString"), undefined);
});

test("a box takes all of its props, and no others", () => {
  const node = {
    type: "Box",
    size: 40,
    width: "100%",
    maxSize: 80,
    flex: 1,
    aspectRatio: "16:9",
    gap: 2,
    align: "start",
    justify: "between",
    wrap: "wrap",
    background: "surface-secondary",
    position: "fixed",
    zIndex: 9,
  };
  assert.deepEqual(box(node), {
    width: "100%",
    height: "40px",
    maxWidth: "80px",
    maxHeight: "80px",
    flex: "1 1 0%",
    aspectRatio: "16/9",
    gap: "calc(var(--fd-unit) * 2)",
    alignItems: "flex-start",
    justifyContent: "space-between",
    flexWrap: "wrap",
    backgroundColor: "var(--fd-bg-soft)",
  });
  assert.deepEqual(block({ type: "Box", flex: "1 1 url(x)", aspectRatio: "0;", align: "x" }), {});
});

test("colours by token, primitive, both schemes, and as style sheets have them", () => {
  assert.equal(colour("secondary", "text"), "var(--fd-text-soft)");
  assert.equal(colour("subtle", "border"), "color-mix(in srgb, var(--fd-line) 60%, transparent)");
  assert.equal(colour("danger", "surface"), "var(--fd-danger)");
  assert.match(colour("red-500", "text") ?? "", /^oklch\(0\.\d+ 0\.\d+ 25\)$/);
  assert.equal(colour("alpha-70", "text"), "color-mix(in srgb, var(--fd-text) 70%, transparent)");
  assert.equal(colour({ light: "#fff", dark: "gray-900" }, "text"), `light-dark(#fff, ${colour("gray-900", "text")})`);
  assert.equal(colour("rgba(0, 0, 0, 0.4)", "text"), "rgba(0, 0, 0, 0.4)");
  assert.match(colour("blue", "chart") ?? "", /^light-dark\(/);
});

test("no colour loads anything", () => {
  const wild = ["url(https://evil.example)", "var(--x, url(x))", "image(red)", "red;x:y", "color-mix(in srgb, url(x), red)", "attr(x)", "env(x)", 4, "red-2000", "constructor-5"];
  for (const value of wild) assert.equal(colour(value, "surface"), undefined, String(value));
  assert.deepEqual(ground("linear-gradient(90deg, red, url(x))"), {});
  assert.deepEqual(ground("linear-gradient(90deg, #fff, rgb(0 0 0 / 0.5))"), { backgroundImage: "linear-gradient(90deg, #fff, rgb(0 0 0 / 0.5))" });
});
