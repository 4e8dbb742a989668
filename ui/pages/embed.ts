/** The chat alone, for a frame. */

import { mount } from "./mount";

mount({});
