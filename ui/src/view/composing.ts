/** Keys that belong to the method that composes characters, such as those of Japanese. */

/** Of the key that ends a composition Safari says so only by the code. */
export function isComposing({ isComposing, keyCode }: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  return isComposing || keyCode === 229;
}
