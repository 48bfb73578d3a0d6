// Passkeys: hands what the server asked for to the browser, and what the browser answers to the server. Nothing is decided
// here.

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const named = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

// What there is of a response, as text.
const written = (response, names) =>
  Object.fromEntries(names.filter((name) => response[name]).map((name) => [name, text(response[name])]));

const answered = (credential, names) =>
  JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: written(credential.response, names),
    clientExtensionResults: {},
  });

const make = async ({ publicKey }) => {
  const user = { ...publicKey.user, id: bytes(publicKey.user.id) };
  const excludeCredentials = named(publicKey.excludeCredentials);
  const asked = { ...publicKey, user, excludeCredentials, challenge: bytes(publicKey.challenge) };
  const credential = await navigator.credentials.create({ publicKey: asked });
  return answered(credential, ["attestationObject", "clientDataJSON"]);
};

const show = async ({ publicKey }) => {
  const allowCredentials = named(publicKey.allowCredentials);
  const asked = { ...publicKey, allowCredentials, challenge: bytes(publicKey.challenge) };
  const credential = await navigator.credentials.get({ publicKey: asked });
  return answered(credential, ["authenticatorData", "clientDataJSON", "signature", "userHandle"]);
};

const challenge = async (address) => {
  const answer = await fetch(address, { method: "POST", credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
};

for (const form of window.PublicKeyCredential ? document.querySelectorAll("form[data-passkey]") : []) {
  const told = form.querySelector("[data-told]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    told.hidden = true;
    try {
      const { passkey, options } = form.dataset;
      const answer = passkey === "make" ? await make(JSON.parse(options)) : await show(await challenge(form.dataset.challenge));
      form.elements.answer.value = answer;
      form.submit();
    } catch {
      // Given up by the person, or nothing to offer: browsers do not tell the two apart.
      told.hidden = false;
    }
  });
}
