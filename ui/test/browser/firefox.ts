/** Firefox as it is packaged, for tests that every browser has to pass. */
import { firefox, type Browser } from "playwright-core";

import { program } from "./browser";

const NAMES = ["firefox-esr", "firefox"];
const PREFERENCES = { "ui.prefersReducedMotion": 1 };
/** Nobody listens there, so that nothing but this machine can be reached. */
const CUT_OFF = { server: "socks5://127.0.0.1:9", bypass: "127.0.0.1" };
/** Asked for with every page, and unknown to the Firefox that is packaged. */
const UNKNOWN = "emulation.setMediaFeaturesOverride";

export const FIREFOX = process.env["FRONTDESK_TEST_FIREFOX"] ?? program(NAMES);

/** It is spoken to in WebDriver's own protocol, which takes no other build of it. */
export async function openFirefox(executablePath: string): Promise<Browser> {
  const launch = { channel: "moz-firefox", executablePath, firefoxUserPrefs: PREFERENCES, proxy: CUT_OFF };
  const browser = await firefox.launch(launch);
  spare(sessionOf(browser));
  return browser;
}

interface Session {
  send(method: string, params: unknown): Promise<unknown>;
}

/** What playwright-core, in the version that the lock file names, keeps behind its browser. */
function sessionOf(browser: Browser): Session {
  const { _connection: connection } = browser as unknown as { _connection: { toImpl(of: Browser): { _browserSession: Session } } };
  return connection.toImpl(browser)._browserSession;
}

/** Every page has a session of its own, so it is their class that doesn't ask. */
function spare(session: Session): void {
  const all = Object.getPrototypeOf(session) as Session;
  const { send } = all;
  all.send = function (this: Session, method, params) {
    return method === UNKNOWN ? Promise.resolve({}) : send.call(this, method, params);
  };
}
