// Sorts a table by a click on its head; the page reads the same without it.
document.querySelectorAll("table.sortable th").forEach(function (head) {
  var button = document.createElement("button");
  while (head.firstChild) button.appendChild(head.firstChild);
  head.appendChild(button);
  button.type = "button";
  button.addEventListener("click", function () {
    var table = head.closest("table"), body = table.tBodies[0];
    var column = head.cellIndex, down = head.getAttribute("aria-sort") !== "descending";
    table.querySelectorAll("th").forEach(function (h) { h.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    function key(row) {
      var cell = row.cells[column], said = cell.dataset.v;
      var words = said === undefined ? cell.textContent.trim() : said;
      if (words === "" || words === "–") return -Infinity;
      var figure = Number(words.replace(/[,%]/g, "").replace("−", "-").replace("∞", "Infinity"));
      return isNaN(figure) ? words : figure;
    }
    Array.from(body.rows)
      .map(function (row, i) { return { row: row, key: key(row), i: i }; })
      .sort(function (a, b) {
        var order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
        return (down ? -order : order) || a.i - b.i;
      })
      .forEach(function (item) { body.appendChild(item.row); });
  });
});
