// The words of the scripts in the reader's language, which the page brings along.

const page = document.getElementById("script-words");
const words = page ? JSON.parse(page.textContent) : {};
const rules = new Intl.PluralRules(document.documentElement.lang || "en");
const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (all, name) => values[name] ?? all);

export const locale = known(navigator.language) || document.documentElement.lang || "en";

// Return *tag* if it is one of a language: a browser without a locale may call it "C".
function known(tag) {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return "";
  }
}

// Return *message* translated, its %(name)s filled with *values*.
export function gettext(message, values = {}) {
  return fill(words[message] || message, values);
}

// Return the form for *num* things, which is also the value of %(num)s.
export function ngettext(one, several, num, values = {}) {
  const forms = words[one] || [one, several];
  const form = forms.length > 1 && rules.select(num) !== "one" ? forms.at(-1) : forms[0];
  return fill(form, { num, ...values });
}
