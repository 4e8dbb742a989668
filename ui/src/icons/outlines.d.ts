/** The built-in icons, made at build time by `icons.mjs`. */
declare module "icons:outlines" {
  /** The data of one path for each name; one that begins with `!` is filled. */
  export const outlines: Readonly<Record<string, string>>;
}
