/* Back from a provider: what came along is sent on by a form, since looking at an address does nothing. */
"use strict";

document.querySelector("[data-returned]").submit();
