// The form that restores a backup: choose the file, in place of pasting its text.

const text = document.getElementById("backup-text");
const file = document.createElement("input");
file.type = "file";
file.accept = ".json,application/json";
file.id = "backup-file";
file.required = true;
file.setAttribute("aria-describedby", text.getAttribute("aria-describedby"));
document.querySelector("label[for='backup-text']").htmlFor = file.id;
text.required = false;
text.hidden = true;
text.before(file);
text.form.addEventListener("submit", async (event) => {
  event.preventDefault();
  text.value = await file.files[0].text();
  text.form.submit();
});
