import { describe, expect, it } from "vitest";
import {
  adaptMessagePresentationForChannel,
  legacyInteractiveReplyToPresentation,
  normalizeLegacyInteractiveReply,
  type normalizeMessagePresentation,
  renderPresentationForDelivery,
  resolveLegacyInteractiveTextFallback,
} from "../../src/plugin-sdk/interactive-runtime.ts";

type Presentation = NonNullable<ReturnType<typeof normalizeMessagePresentation>>;

const presentation: Presentation = {
  title: "Pick",
  blocks: [
    { type: "context", text: "a longer text" },
    { type: "divider" },
    {
      type: "buttons",
      buttons: [
        { label: "One", value: "1" },
        { label: "Two", value: "2", priority: 5 },
        { label: "Off", value: "3", disabled: true },
        { label: "Big", value: "x".repeat(20) },
      ],
    },
    {
      type: "select",
      placeholder: "Size",
      options: [
        { label: "Small", value: "s" },
        { label: "Large", value: "l" },
      ],
    },
    { type: "table", headers: ["a"], rows: [["1"]] },
  ],
};

describe("a rich message on a platform that can draw less", () => {
  it("says in words what can not be drawn", () => {
    const { blocks, title } = adaptMessagePresentationForChannel({ presentation });
    expect(title).toBe("Pick");
    expect(blocks).toEqual([
      { type: "text", text: "a longer text" },
      { type: "text", text: "- One\n- Two\n- Big" },
      { type: "text", text: "Size:\n- Small\n- Large" },
      { type: "text", text: "a: 1" },
    ]);
  });

  it("draws the most important buttons within the limits, and says the others", () => {
    const capabilities = {
      buttons: true,
      selects: true,
      context: true,
      divider: true,
      tables: true,
      limits: {
        actions: { maxActions: 1, maxLabelLength: 2, maxValueBytes: 10 },
        selects: { maxOptions: 1 },
        text: { maxLength: 8 },
      },
    };
    const { blocks } = adaptMessagePresentationForChannel({ presentation, capabilities });
    expect(blocks).toEqual([
      { type: "context", text: "a longer" },
      { type: "divider" },
      { type: "buttons", buttons: [{ label: "Tw", value: "2", priority: 5 }] },
      { type: "text", text: "- One\n- Big" },
      { type: "select", placeholder: "Size", options: [{ label: "Small", value: "s" }] },
      { type: "text", text: "Size:\n- Large" },
      { type: "table", headers: ["a"], rows: [["1"]] },
    ]);
  });

  it("is drawn by its channel, else becomes text behind the payload's own", async () => {
    const payload = { text: "Hello", presentation, keep: 1 };
    const drawn = await renderPresentationForDelivery(
      {
        presentationCapabilities: { supported: true },
        renderPresentation: (adapted) => ({ ...adapted, text: "drawn" }),
      },
      payload,
    );
    expect(drawn).toEqual({ text: "drawn", keep: 1 });
    const unable = { presentationCapabilities: { supported: true }, renderPresentation: () => null };
    const said = await renderPresentationForDelivery(unable, payload);
    expect(said.text).toMatch(/^Hello\n\nPick\n\n/);
    expect(said).not.toHaveProperty("presentation");
    const fallback = { ...payload, presentationTextMode: "fallback" };
    expect(await renderPresentationForDelivery(unable, fallback)).toEqual({ text: "Hello", keep: 1 });
    const plain = { text: "x" };
    expect(await renderPresentationForDelivery(unable, plain)).toBe(plain);
  });
});

describe("the older form of rich messages", () => {
  it("is read strictly and becomes the newer one", () => {
    const raw = { blocks: [{ type: "text", text: "hi" }, { type: "divider" }, { type: "nonsense" }] };
    const interactive = normalizeLegacyInteractiveReply(raw);
    expect(interactive).toEqual({ blocks: [{ type: "text", text: "hi" }] });
    if (!interactive) throw new Error("nothing was read");
    expect(legacyInteractiveReplyToPresentation(interactive)).toEqual({ blocks: interactive.blocks });
    expect(legacyInteractiveReplyToPresentation({ blocks: [] })).toBeUndefined();
    expect(normalizeLegacyInteractiveReply({ blocks: "x" })).toBeUndefined();
    expect(resolveLegacyInteractiveTextFallback({ text: " ", interactive })).toBe("hi");
    expect(resolveLegacyInteractiveTextFallback({ text: "own", interactive })).toBe("own");
  });
});
