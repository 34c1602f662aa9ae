/* Passkeys: the browser makes one or shows one, and the form around the button sends what it says. */
(function () {
  "use strict";

  const can = window.PublicKeyCredential && PublicKeyCredential.parseCreationOptionsFromJSON &&
    PublicKeyCredential.parseRequestOptionsFromJSON;

  async function options(button) {
    if (button.dataset.options) { return JSON.parse(button.dataset.options).publicKey; }
    const answer = await fetch(button.dataset.from, { headers: { Accept: "application/json" } });
    if (!answer.ok) { throw new Error("no challenge"); }
    return (await answer.json()).publicKey;
  }

  async function credential(button) {
    const asked = await options(button);
    if (button.dataset.passkey === "create") {
      return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) });
    }
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
  }

  document.querySelectorAll("button[data-passkey]").forEach(function (button) {
    const form = button.form;
    const says = form.querySelector("[data-passkey-says]");
    button.hidden = false;
    if (!can) {
      button.disabled = true;
      says.textContent = "This browser cannot use passkeys here.";
      return;
    }
    button.addEventListener("click", async function () {
      says.textContent = "Waiting for your passkey …";
      try {
        form.elements.credential.value = JSON.stringify((await credential(button)).toJSON());
        form.submit();
      } catch (error) {
        says.textContent = "No passkey was used. You can try again.";
      }
    });
  });
})();
