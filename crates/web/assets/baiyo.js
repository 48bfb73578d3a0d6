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

addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = event.timeStamp;
    if (keys.length && at - keys.at(-1).at > PAUSE) keys = [];
    if (event.code === "Enter" || event.code === "NumpadEnter") {
      const text = keys.map((key) => key.typed).join("");
      const many = keys.length ? length(text) : 0;
      const first = keys.at(-many);
      keys = [];
      if (!many) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (first.field) {
        first.field.blur(); // ends an input method's composition
        first.field.value = first.before;
        first.field.focus();
      }
      scanned(text.slice(-many), first.field);
      return;
    }
    const typed = character(event.code);
    if (!typed) return;
    const active = document.activeElement;
    const field = active && "value" in active && active.type !== "password" ? active : null;
    keys.push({ typed, at, field, before: field?.value ?? "" });
  },
  true,
);

const scanned = (text, focused) => {
  const label = text.startsWith("C1-");
  if (label && !checks(text)) return say(words("scanCheck"), text);
  if (focused?.dataset.scan === "text" && !label) return put(focused, text);
  const takes = (input) => !input.dataset.kind || input.dataset.kind === text.split("-")[1];
  const list = focused?.matches("textarea[data-scan]") ? focused : document.querySelector("textarea[data-scan=scan]");
  const single =
    focused?.matches("input[data-scan=scan]") && takes(focused)
      ? focused
      : [...document.querySelectorAll("input[data-scan=scan]")].find((input) => !input.value && takes(input));
  const target = list ?? single;
  if (!label || !target) {
    location.assign(`/find?code=${encodeURIComponent(text)}`);
    return;
  }
  const stranger = target.form?.dataset.serial && serial(text) !== target.form.dataset.serial;
  if (stranger && target.form.dataset.check) return stop(target.form.dataset.check, text);
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
// What was typed and not recorded is kept on this device for this person and this form; never a password, never a
// patient's name. Signing out wipes all of it.

const KEPT = "baiyo-draft:";
const own = `${KEPT}${page.dataset.person ?? ""}:`;
const keyOf = (form) => own + new URL(form.action).pathname + (form.dataset.about ?? "");
const isKept = (field) =>
  field.name && field.name !== "version" && field.type !== "password" && !field.name.startsWith("/personal") && field.name !== "/pseudonym";

const keep = (form) => {
  const fields = [...form.elements].filter(isKept);
  const values = fields
    .filter((field) => (field.type === "checkbox" || field.type === "radio" ? field.checked : field.tagName !== "BUTTON"))
    .map((field) => [field.name, field.value]);
  localStorage.setItem(keyOf(form), JSON.stringify(values));
};

const restore = (form) => {
  const kept = localStorage.getItem(keyOf(form));
  if (!kept || document.getElementById("faults")) return;
  const values = JSON.parse(kept);
  let changed = false;
  for (const field of [...form.elements].filter(isKept)) {
    const mine = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "checkbox" || field.type === "radio") {
      const checked = mine.includes(field.value);
      changed ||= checked !== field.checked;
      field.checked = checked;
    } else if (field.tagName !== "BUTTON" && mine.length) {
      changed ||= field.type !== "hidden" && field.value !== mine[0];
      field.value = mine[0];
    }
  }
  if (!changed) return;
  const note = make("div", "notice draft");
  note.setAttribute("role", "status");
  const discard = make("button", "quiet", words("draftDiscard"));
  discard.type = "button";
  discard.addEventListener("click", () => {
    localStorage.removeItem(keyOf(form));
    location.reload();
  });
  note.append(make("p", "", words("draftKept")), discard);
  form.before(note);
};

const wipe = (prefix) => {
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
};

// --- Handing in -----------------------------------------------------------------------------------------------------
// Before a form leaves, the server is asked whether it is there. While it is not, the form stays as it is, the banner says
// so, and it is handed in once when the connection is back: the key in it makes sure of that. A signature is never kept.

const there = async () => {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(3000) });
    return answer.ok;
  } catch {
    return false;
  }
};

let waiting = null;

const banner = (text) => {
  let line = document.querySelector(".connection");
  if (!text) return line?.remove();
  if (!line) {
    line = make("p", "connection");
    line.setAttribute("role", "status");
    page.append(line);
  }
  line.textContent = text;
};

const send = (form, button) => {
  sessionStorage.setItem("baiyo-sent", keyOf(form));
  form.dataset.leaving = "true";
  if (button?.name) {
    const chosen = make("input");
    [chosen.type, chosen.name, chosen.value] = ["hidden", button.name, button.value];
    form.append(chosen);
  }
  form.submit();
};

const handIn = async (event) => {
  const form = event.target;
  if (!form.matches("form.sheet[action^='/record']") || form.dataset.leaving) return;
  event.preventDefault();
  const button = event.submitter;
  keep(form);
  if (await there()) return send(form, button);
  const signs = form.querySelector("input[type=password]");
  banner(signs ? words("offline") : `${words("offline")} 1 ${words("unsent")}`);
  if (signs || waiting) return;
  waiting = setInterval(async () => {
    if (!(await there())) return;
    clearInterval(waiting);
    waiting = null;
    banner("");
    send(form, button);
  }, 2000);
};

addEventListener("submit", handIn);
addEventListener("submit", (event) => {
  if (new URL(event.target.action).pathname === "/sign-out") wipe(KEPT);
});
addEventListener("offline", () => banner(words("offline")));
addEventListener("online", () => waiting || banner(""));

for (const form of document.querySelectorAll("form.sheet[action^='/record']")) {
  restore(form);
  form.addEventListener("input", () => keep(form));
}

// Recorded: what was kept of it is not needed any more.
if (new URLSearchParams(location.search).has("done")) {
  const sent = sessionStorage.getItem("baiyo-sent");
  if (sent) localStorage.removeItem(sent);
  sessionStorage.removeItem("baiyo-sent");
}

// What went wrong is read first.
document.querySelector("#faults, .stop")?.focus();

// --- Live hints -----------------------------------------------------------------------------------------------------
// The server says that something changed; the page only offers to be read anew. Nothing moves under a finger.

if (page.dataset.live && "EventSource" in window) {
  let source = null;
  let changes = 0;
  const hint = () => {
    let link = document.querySelector(".changes");
    if (!link) {
      link = make("a", "changes");
      link.href = location.pathname + location.search;
      link.setAttribute("role", "status");
      page.append(link);
    }
    link.textContent = `${words("changes")}: ${changes} – ${words("refresh")}`;
  };
  const listen = () => {
    source?.close();
    source = document.hidden ? null : new EventSource("/live");
    source?.addEventListener("change", () => {
      changes += 1;
      hint();
    });
  };
  document.addEventListener("visibilitychange", listen);
  listen();
}

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
