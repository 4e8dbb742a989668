/** For tests: as much of a document as Preact draws into, of plain objects. */

export class TestNode {
  parentNode: TestNode | null = null;
  childNodes: TestNode[] = [];
  readonly style: Record<string, unknown> = {};
  readonly attributes: Record<string, string> = {};
  readonly dataset: Record<string, string> = {};
  readonly namespaceURI = "http://www.w3.org/1999/xhtml";
  readonly ownerDocument = testDocument;
  value = "";

  constructor(
    readonly localName: string,
    public data = "",
  ) {
    Object.defineProperty(this.style, "setProperty", { value: (name: string, value: string) => (this.style[name] = value) });
  }

  get nodeType(): number {
    return this.localName ? 1 : 3;
  }
  get firstChild(): TestNode | null {
    return this.childNodes[0] ?? null;
  }
  get nextSibling(): TestNode | null {
    const beside = this.parentNode?.childNodes ?? [];
    return beside[beside.indexOf(this) + 1] ?? null;
  }
  get textContent(): string {
    return this.data + this.childNodes.map((child) => child.textContent).join("");
  }
  insertBefore(child: TestNode, before: TestNode | null): TestNode {
    child.remove();
    const place = before ? this.childNodes.indexOf(before) : this.childNodes.length;
    this.childNodes.splice(place, 0, child);
    child.parentNode = this;
    return child;
  }
  remove(): void {
    if (this.parentNode) this.parentNode.childNodes = this.parentNode.childNodes.filter((child) => child !== this);
    this.parentNode = null;
  }
  setAttribute(name: string, value: unknown): void {
    this.attributes[name] = String(value);
  }
  removeAttribute(name: string): void {
    delete this.attributes[name];
  }
  addEventListener(): void {}
  removeEventListener(): void {}
  setCustomValidity(): void {}
  focus(): void {}
  getRootNode(): TestNode {
    return this.parentNode?.getRootNode() ?? this;
  }
  /** All elements within it. */
  all(): TestNode[] {
    return this.childNodes.flatMap((child) => (child.localName ? [child, ...child.all()] : []));
  }
}

export const testDocument = {
  baseURI: "https://page.example/chat/",
  createElementNS: (_: string, name: string) => new TestNode(name),
  createElement: (name: string) => new TestNode(name),
  createTextNode: (text: string) => new TestNode("", text),
};
