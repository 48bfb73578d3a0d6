// Scanning, drafts and live hints. Everything here is a convenience: each page works without it, and whatever is decided
// is decided by the server.

const page = document.body;
const words = (name) => page.dataset[name] ?? "";
const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
};

// What the page held, while it is covered because the session is over.
let covered = null;

// --- Scanning -------------------------------------------------------------------------------------------------------
// A scanner types fast and ends with Enter. What it typed is read from the keys' places on the keyboard, because an
// input method that is switched on turns the characters into others.

const GAP = 60; // milliseconds: nobody types this fast
const PAUSE = 500; // milliseconds: a busy tablet may see a scanner stutter, within a label that is known by its form
const LEAST = 6; // characters of a scan that is no label of ours
const LABEL = /C1-[A-Z]-[A-Z0-9]{2,6}-[0-9]{2}-[0-9]{6}(-[0-9]{2,4})?-[0-9A-Z]$/;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";

const character = (code) => {
  if (/^Key[A-Z]$/.test(code)) return code.slice(3);
  if (/^(Digit|Numpad)[0-9]$/.test(code)) return code.at(-1);
  if (code === "Minus" || code === "NumpadSubtract") return "-";
  return "";
};

// ISO 7064 MOD 37-2 over the label's own characters; C1 and hyphens are not part of them.
const checks = (label) => {
  const parts = label.split("-");
  if (parts[0] !== "C1" || parts.length < 6) return false;
  const body = parts.slice(1, -1).join("");
  const sum = [...body].reduce((sum, c) => ((sum + ALPHABET.indexOf(c)) * 2) % 37, 0);
  return ALPHABET[(38 - sum) % 37] === parts.at(-1);
};

// Site, year and serial: what all labels of one batch share.
const serial = (label) => label.split("-").slice(2, 5).join("-");

// The keys lately pressed: what each wrote, when, into which field, and what stood there before.
let keys = [];

// How many of the last keys came from a scanner: those of a label, or those that came too fast for a hand.
const length = (text) => {
  const label = text.match(LABEL)?.[0] ?? "";
  let fast = 1;
  while (fast < keys.length && keys.at(-fast).at - keys.at(-fast - 1).at <= GAP) fast += 1;
  return label ? label.length : fast >= LEAST ? fast : 0;
};

// A key held by a person repeats itself, and a password is nobody's scan.
addEventListener("focusin", () => (keys = []));
addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const active = document.activeElement;
    if (event.repeat || active?.type === "password") {
      keys = [];
      return;
    }
    const at = event.timeStamp;
    if (keys.length && at - keys.at(-1).at > PAUSE) keys = [];
    if (event.code === "Enter" || event.code === "NumpadEnter") {
      const text = keys.map((key) => key.typed).join("");
      const many = keys.length ? length(text) : 0;
      const first = keys.at(-many);
      const swallowed = keys.some((key) => key.swallowed);
      keys = [];
      if (!many) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const code = text.slice(-many);
      // What is no label of ours stays as the field took it: a lot may have characters that no key's place tells.
      if (first.field && !code.startsWith("C1-") && !swallowed) return;
      if (first.field) {
        first.field.blur(); // ends an input method's composition
        first.field.value = first.before;
        first.field.focus();
      }
      scanned(code, first.field);
      return;
    }
    const typed = character(event.code);
    if (!typed) return;
    const field = active && "value" in active ? active : null;
    const swallowed = event.isComposing || event.key === "Process";
    keys.push({ typed, at, field, swallowed, before: field?.value ?? "" });
  },
  true,
);

// Fields in which a label must be one of the batch's own vessels; elsewhere an order's or a bank's may belong.
const OWN = ["/vessels", "/from", "/vessel", "/ours"];

const scanned = (text, focused) => {
  if (covered) return;
  const label = text.startsWith("C1-");
  if (label && !checks(text)) return say(words("scanCheck"), text);
  if (!label) {
    if (focused) return put(focused, text);
    location.assign(`/find?code=${encodeURIComponent(text)}`);
    return;
  }
  const takes = (input) => !input.dataset.kind || input.dataset.kind === text.split("-")[1];
  const empty = () => [...document.querySelectorAll("input[data-scan=scan]")].find((input) => !input.value && takes(input));
  const chosen = focused?.dataset.scan === "scan" && takes(focused) ? focused : null;
  const target = chosen ?? document.querySelector("textarea[data-scan=scan]") ?? empty();
  if (!target) {
    location.assign(`/find?code=${encodeURIComponent(text)}`);
    return;
  }
  const form = target.form;
  const stranger = form?.dataset.serial && serial(text) !== form.dataset.serial;
  const own = OWN.includes(target.name) && text.split("-")[1] === "V";
  if (stranger && own && form.dataset.check) return stop(form.dataset.check, text);
  put(target, text);
};

// A label of another batch: the server is told at once, records it and answers with a full stop.
const stop = (address, label) => {
  const form = make("form");
  form.method = "post";
  form.action = address;
  const field = make("input");
  [field.type, field.name, field.value] = ["hidden", "/vessels", label];
  form.append(field);
  page.append(form);
  form.submit();
};

const put = (field, text) => {
  if (field.tagName === "TEXTAREA") {
    const lines = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
    if (!lines.includes(text)) lines.push(text);
    field.value = `${lines.join("\n")}\n`;
    field.rows = Math.max(2, lines.length + 1);
    tick(lines);
  } else {
    field.value = text;
  }
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

// New labels scanned back: each is ticked, and once all were, they are recorded.
const tick = (lines) => {
  const list = document.querySelector("[data-scan-back]");
  if (!list) return;
  const items = [...list.querySelectorAll("[data-label]")];
  for (const item of items) item.toggleAttribute("data-scanned", lines.includes(item.dataset.label));
  if (items.length && items.every((item) => item.hasAttribute("data-scanned"))) list.closest("form")?.requestSubmit();
};

// A word on top of the page; it moves nothing.
const say = (text, detail) => {
  document.querySelector(".toast")?.remove();
  const toast = make("div", "toast");
  toast.setAttribute("role", "alert");
  toast.append(make("strong", "", detail), make("span", "", text));
  const close = make("button", "quiet", "×");
  close.type = "button";
  close.setAttribute("aria-label", words("scanAgain"));
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  page.append(toast);
};

// --- Drafts ---------------------------------------------------------------------------------------------------------
// What a person changed in a bench form and did not record is kept on this device, for this person, this form and what it
// is about, for as long as a session at the bench lasts. Only what was typed by hand: never a scan, a choice or a tick,
// which must be made again, and nothing of a form that signs or hands cells over. It is sealed by a key that stands in this
// person's pages alone and that no browser keeps: once the session is over, nobody reads it but he, signed in again. Where
// a browser seals nothing, as over a plain connection to another machine, nothing is kept. Signing out wipes all of it.

const KEPT = "baiyo-draft:";
const SENT = "baiyo-sent:";
const LASTS = 2 * 60 * 60 * 1000; // milliseconds
const own = `${page.dataset.person ?? ""}:`;
const keyOf = (form) => own + new URL(form.action).pathname + (form.dataset.about ?? "");
const isKept = (field) =>
  field.name &&
  !field.dataset.scan &&
  (field.tagName === "TEXTAREA" || (field.tagName === "INPUT" && ["text", "datetime-local"].includes(field.type)));

// A device may refuse to keep anything: then nothing is kept, and forms work all the same.
const stored = {
  get(key) {
    try {
      const kept = JSON.parse(localStorage.getItem(key));
      return kept && Date.now() - kept.at < LASTS ? kept : null;
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), ...value }));
    } catch {}
  },
  remove(key) {
    try {
      localStorage.removeItem(key);
    } catch {}
  },
  wipe(which = () => true) {
    try {
      for (const key of Object.keys(localStorage)) {
        if ((key.startsWith(KEPT) || key.startsWith(SENT)) && which(key)) localStorage.removeItem(key);
      }
    } catch {}
  },
};
// What is too old, whosesoever; and what an older version kept without a seal.
stored.wipe((key) => !stored.get(key) || (key.startsWith(KEPT) && !stored.get(key).sealed));

const inBase64 = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const inUtf8 = (text) => new TextEncoder().encode(text);
const NONCE = 12; // bytes

// AES-256-GCM; the place where it is kept belongs to it, so that it opens nowhere else.
const seal = async (key, place, value) => {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const how = { name: "AES-GCM", iv, additionalData: inUtf8(place) };
  const sealed = await crypto.subtle.encrypt(how, key, inUtf8(JSON.stringify(value)));
  return inBase64(iv) + inBase64(sealed);
};
const open = async (keys, place, text) => {
  const [iv, sealed] = [text.slice(0, NONCE / 3 * 4), text.slice(NONCE / 3 * 4)].map(fromBase64);
  for (const key of keys) {
    try {
      const how = { name: "AES-GCM", iv, additionalData: inUtf8(place) };
      return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(how, key, sealed)));
    } catch {
      // By another key: of the hours before, or none of his.
    }
  }
  return null;
};

// The forms whose drafts are kept.
const drafts = new Map();

const keep = async (form) => {
  const draft = drafts.get(form);
  if (!draft) return;
  try {
    // What was kept before is in the form by then.
    const [newest] = await draft.restored;
    const changed = [...form.elements].filter((field) => isKept(field) && field.value !== field.defaultValue);
    const turn = (draft.turns += 1);
    const fields = changed.map((field) => [field.name, field.defaultValue, field.value]);
    const sealed = await seal(newest, draft.place, fields);
    // One that took longer does not come after a newer one, nor after the end.
    if (turn < draft.written || !drafts.has(form)) return;
    draft.written = turn;
    stored.set(draft.place, { sealed });
  } catch {}
};

const note = (form, text, action, done) => {
  const told = make("div", "notice draft");
  told.setAttribute("role", "status");
  const button = make("button", "quiet", action);
  button.type = "button";
  button.addEventListener("click", done);
  told.append(make("p", "", text), button);
  form.before(told);
};

// Puts into a form what was kept of it; the keys to go on with.
const restore = async (form, place, keys) => {
  keys = await Promise.all(
    keys.map((key) => crypto.subtle.importKey("raw", fromHex(key), "AES-GCM", false, ["encrypt", "decrypt"])),
  );
  const kept = document.getElementById("faults") ? null : stored.get(place);
  let restored = false;
  for (const [name, before, value] of (kept && (await open(keys, place, kept.sealed))) ?? []) {
    const field = [...form.elements].find((field) => field.name === name && isKept(field));
    // Where the page now suggests something else, that is newer.
    if (!field || field.value !== before) continue;
    field.value = value;
    // Nothing is recorded that is not seen.
    for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    restored = true;
  }
  if (restored) {
    note(form, words("draftKept"), words("draftDiscard"), () => {
      drafts.delete(form);
      stored.remove(place);
      location.reload();
    });
  }
  return keys;
};

const draw = (form) => {
  const keys = form.dataset.draft?.split(" ");
  delete form.dataset.draft;
  if (!keys || !globalThis.crypto?.subtle) return;
  const place = KEPT + keyOf(form);
  drafts.set(form, { place, turns: 0, written: 0, restored: restore(form, place, keys) });
};

// Sent, and no answer came: whether it was recorded is for a person to see, before it is recorded once more.
const warn = (form) => {
  const key = SENT + keyOf(form);
  const sent = stored.get(key);
  if (!sent || document.getElementById("faults")) return;
  note(form, `${words("sentBefore")} (${new Date(sent.at).toLocaleTimeString(document.documentElement.lang)})`, words("seen"), (event) => {
    stored.remove(key);
    event.target.closest(".notice").remove();
  });
};

// --- Handing in -----------------------------------------------------------------------------------------------------
// Before a form leaves, the server is asked whether it is there. While it is not, the form stands still as it was, with the
// moment at which it was handed in, and leaves once when the connection is back: the key in it makes sure of that. It can
// be taken back. A signature is never kept.

const there = async () => {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(3000) });
    return answer.ok;
  } catch {
    return false;
  }
};

let waiting = null;

const banner = (text, action, done) => {
  document.querySelector(".connection")?.remove();
  if (!text) return;
  const line = make("p", "connection");
  line.setAttribute("role", "status");
  line.append(make("span", "", text));
  if (action) {
    const button = make("button", "quiet", action);
    button.type = "button";
    button.addEventListener("click", done);
    line.append(button);
  }
  page.append(line);
};

const add = (form, name, value) => {
  const field = make("input");
  [field.type, field.name, field.value] = ["hidden", name, value];
  form.append(field);
  return field;
};

const send = (form, button) => {
  if (!form.querySelector("input[type=password]")) {
    stored.set(SENT + keyOf(form), {});
    sessionStorage.setItem("baiyo-sent", JSON.stringify({ key: keyOf(form), path: new URL(form.action).pathname }));
  }
  form.dataset.leaving = "true";
  if (button?.name) add(form, button.name, button.value);
  form.submit();
};

const handIn = async (event) => {
  const form = event.target;
  if (!form.matches("form.sheet[action^='/record']") || form.dataset.leaving) return;
  event.preventDefault();
  const button = event.submitter;
  const pressed = performance.now();
  await keep(form);
  if (await there()) return send(form, button);
  if (form.querySelector("input[type=password]") || button?.name) return banner(words("offline"));
  // A picture is not kept waiting: it stays chosen, and the form is handed in again by hand.
  if ([...form.querySelectorAll("input[type=file]")].some((field) => field.files.length)) return banner(words("pictureOffline"));
  if (waiting) return;
  form.inert = true;
  waiting = setInterval(async () => {
    if (covered || !(await there()) || !waiting || covered) return;
    clearInterval(waiting);
    waiting = null;
    banner("");
    // It happened when it was handed in, not when the connection came back; the server's clock counts back from now.
    add(form, "waited", Math.round((performance.now() - pressed) / 1000));
    send(form, button);
  }, 2000);
  banner(`${words("offline")} 1 ${words("unsent")}`, words("takeBack"), () => {
    clearInterval(waiting);
    waiting = null;
    form.inert = false;
    banner("");
  });
};

addEventListener("submit", handIn);
addEventListener("submit", (event) => {
  if (new URL(event.target.action).pathname !== "/sign-out") return;
  drafts.clear();
  stored.wipe();
});
addEventListener("offline", () => waiting || banner(words("offline")));
addEventListener("online", () => waiting || banner(""));

// An answer came: recorded, or refused and said so. Any other page says nothing of what was sent.
const sent = JSON.parse(sessionStorage.getItem("baiyo-sent") ?? "null");
sessionStorage.removeItem("baiyo-sent");
if (sent) {
  const done = new URLSearchParams(location.search).has("done");
  if (done) stored.remove(KEPT + sent.key);
  if (done || location.pathname === sent.path) stored.remove(SENT + sent.key);
}

const sheets = [...document.querySelectorAll("form.sheet[action^='/record']")];
for (const form of sheets) {
  draw(form);
  warn(form);
  form.addEventListener("input", () => keep(form));
}
// A page that was left and is shown again as it was can be handed in again.
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of sheets) delete form.dataset.leaving;
});

// --- A one-time link ------------------------------------------------------------------------------------------------
// What makes it somebody's stands behind its #, which no browser sends. It is handed in, and gone from the address.

const CODE = /^#[\w-]{43}$/; // 256 bits in Base64: any other fragment leads to a place on the page

const byLink = () => {
  if (location.pathname !== "/setup" || !CODE.test(location.hash)) return;
  const form = make("form");
  [form.method, form.action] = ["post", location.pathname];
  add(form, "link", location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search);
  page.append(form);
  form.submit();
};
byLink();
addEventListener("hashchange", byLink);

// What went wrong is read first.
document.querySelector("#faults, .stop")?.focus();

// --- When the session is over ---------------------------------------------------------------------------------------
// However it ended, nothing of the page stays on the screen: it is left. Where it holds something that no draft keeps it is
// covered instead, and is there again once its person is signed in anew, as in another window; whoever else signs in drops
// it. What is covered is no part of the document meanwhile, and stands in no store.

const elsewhere = () => `${words("leave")}?to=${encodeURIComponent(location.pathname + location.search)}`;

// Whether it is lost with the page. A password is: it is asked for anew.
const isLost = (field) => {
  if (!field.name || !field.matches("input:not([type=hidden], [type=password]), textarea, select")) return false;
  const draft = drafts.get(field.form);
  if (draft && isKept(field) && stored.get(draft.place)) return false;
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  if (!field.options) return field.value !== field.defaultValue;
  return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
};
// What was handed in and came back stands in the fields as if the server had suggested it.
const holds = (form) =>
  form.method === "post" && ((page.dataset.answer && form.matches(".sheet")) || [...form.elements].some(isLost));

const cover = () => {
  for (const field of document.querySelectorAll("input[type=password]")) field.value = "";
  const link = make("a", "button", words("signInBeside"));
  [link.href, link.target, link.rel] = [words("leave"), "_blank", "noopener"];
  const title = make("div", "title");
  title.append(make("h1", "", words("sessionOver")));
  const told = make("p", "notice", words("keptCovered"));
  told.setAttribute("role", "status");
  const instead = make("main");
  instead.id = "content";
  instead.append(title, told, link);
  const taken = { parts: [...page.childNodes], title: document.title };
  covered = taken;
  page.replaceChildren(instead);
  document.title = words("sessionOver");
  setTimeout(() => covered === taken && location.replace(elsewhere()), LASTS);
};

const uncover = () => {
  if (!covered) return;
  page.replaceChildren(...covered.parts);
  document.title = covered.title;
  covered = null;
};

// --- Live hints -----------------------------------------------------------------------------------------------------
// The server says that something changed; the page only offers to be read anew. Nothing moves under a finger.

if (page.dataset.live && "EventSource" in window) {
  const TRIES = 60;
  const LEAVES = 2000; // milliseconds: whoever signs out here is on his way by then
  const MINUTE = 60 * 1000; // milliseconds
  const LIVE = `/live?of=${page.dataset.person}`;
  let source = null;
  let replaced = false;
  let changes = 0;
  let failed = 0;
  let again = null;
  let used = Date.now();
  const hint = (text) => {
    let link = document.querySelector(".changes");
    if (!link) {
      const told = make("div");
      told.setAttribute("role", "status");
      link = make("a", "changes");
      link.href = location.pathname + location.search;
      told.append(link);
      page.append(told);
    }
    link.textContent = `${text} – ${words("refresh")}`;
  };
  // Whose session it is now: his for whom the page is, another's, nobody's; nothing where no answer came. An event source
  // does not say why it got none, and takes a place among those who listen.
  const whose = async (how) => {
    try {
      const answer = await fetch(`${LIVE}&${how}=yes`, { redirect: "manual", signal: AbortSignal.timeout(MINUTE / 6) });
      return answer.type === "opaqueredirect" ? "nobody's" : { 200: "his", 204: "another's" }[answer.status];
    } catch {
      return undefined;
    }
  };
  // Goes on, covers the page or leaves it.
  const settle = async (otherwise) => {
    const now = (await whose("ask")) ?? otherwise;
    if (now === "his") {
      uncover();
      listen();
    } else if (now === "another's") {
      location.replace("/");
    } else if (now && !covered) {
      source?.close();
      if ([...document.forms].some(holds)) cover();
      else location.replace(elsewhere());
    }
  };
  const listen = () => {
    clearTimeout(again);
    source?.close();
    source = document.hidden || replaced || covered ? null : new EventSource(LIVE);
    source?.addEventListener("change", () => {
      changes += 1;
      hint(`${words("changes")}: ${changes}`);
    });
    source?.addEventListener("open", () => {
      failed = 0;
    });
    // Newer pages of the same person took its place: coming back it would take another's, and so on without end.
    source?.addEventListener("replaced", () => {
      replaced = true;
      source.close();
      source = null;
      hint(words("notFollowed"));
    });
    source?.addEventListener("signed-out", () => {
      source.close();
      setTimeout(() => settle("nobody's"), LEAVES);
    });
    // Any answer but 200 ends it for good, also that of a server whose database is away for a minute: so it is asked ever
    // more slowly, and not for ever.
    source?.addEventListener("error", async ({ target }) => {
      if (target !== source || target.readyState !== EventSource.CLOSED) return;
      const now = await whose("ask");
      if (now && now !== "his") return settle(now);
      if (target !== source || failed >= TRIES) return;
      const seconds = Math.min(60, 4 * 2 ** failed) * (0.75 + Math.random() / 2);
      failed += 1;
      again = setTimeout(listen, seconds * 1000);
    });
  };
  // Who does not listen asks.
  const look = () => (document.hidden || !(replaced || covered) ? listen() : settle());
  document.addEventListener("visibilitychange", look);
  addEventListener("focus", () => covered && settle());
  setInterval(() => source || settle(), MINUTE);
  // Whoever types is there: it is a use of his session as any page he opens.
  addEventListener("input", () => {
    if (covered || Date.now() - used < MINUTE) return;
    used = Date.now();
    whose("typing");
  });
  listen();
}

// --- Long work ------------------------------------------------------------------------------------------------------
// A job's page is read anew while it is at work; its link does the same by hand.

const follow = async () => {
  const job = document.querySelector("#job[data-running]");
  if (!job) return;
  try {
    // By itself: nobody stays signed in by it.
    const answer = await fetch(location.href, { headers: { "baiyo-by-itself": "yes" } });
    const read = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("job");
    if (answer.ok && read) {
      // Part by part: the button that stops it stays under the finger, and only a new standing is read aloud.
      for (const part of job.querySelectorAll("[data-part]")) {
        const anew = read.querySelector(`[data-part=${part.dataset.part}]`);
        if (anew && anew.innerHTML !== part.innerHTML) part.innerHTML = anew.innerHTML;
      }
      if (!read.dataset.running) delete job.dataset.running;
    }
  } catch {
    // The connection is lost: it is asked again.
  }
  setTimeout(follow, 1000);
};
setTimeout(follow, 500);

// --- Keys at the desk -----------------------------------------------------------------------------------------------
// j and k go through a list, / to the field for labels. Off at the bench, where a scanner types.

if (!page.classList.contains("bench")) {
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
    const rows = [...document.querySelectorAll("[data-row]")];
    const here = rows.indexOf(document.activeElement);
    if (event.key === "j" && rows.length) rows[Math.min(here + 1, rows.length - 1)].focus();
    if (event.key === "k" && rows.length) rows[Math.max(here - 1, 0)].focus();
    if (event.key === "/") {
      const field = document.getElementById("code");
      if (field) {
        event.preventDefault();
        field.focus();
      }
    }
  });
}
