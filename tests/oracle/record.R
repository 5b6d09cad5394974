# SPDX-License-Identifier: GPL-3.0-or-later
# What every oracle script shares: reading a table of the project, demanding that two routes to
# the same number meet, and writing the answers down together with the versions that made them.

army_path <- "data/army2002/answers.csv"
army_scales <- list(
  leadership_climate = sprintf("lead_%d", 1:11),
  task_significance = sprintf("task_%d", 1:3),
  hostility = sprintf("hostile_%d", 1:5)
)

read_table <- function(path) {
  if (!file.exists(path)) stop("Can't find ", path, ". Run from the top folder of the project.")
  read.csv(path, na.strings = "")
}

# Each number is made by a formula written out here and, where a package knows it too, once more
# by the package. If the two part ways nothing is written.
agree <- function(formula, package, what, tolerance = 1e-9) {
  formula <- unname(unlist(formula))
  package <- unname(unlist(package))
  if (length(formula) == 0 || length(formula) != length(package)) {
    stop(what, ": ", length(formula), " numbers against ", length(package), call. = FALSE)
  }
  gap <- max(abs(formula - package))
  if (!is.finite(gap) || gap > tolerance) {
    stop(what, ": formula and package differ by ", format(gap), call. = FALSE)
  }
  invisible(gap)
}

record <- function(topic, variants, cases, packages = character()) {
  versions <- c(
    list(R = paste(R.version$major, R.version$minor, sep = ".")),
    lapply(setNames(packages, packages), function(p) as.character(packageVersion(p)))
  )
  answers <- list(
    topic = topic,
    made_by = paste0("tests/oracle/", topic, ".R"),
    versions = versions,
    variants = variants,
    cases = cases
  )
  text <- jsonlite::toJSON(
    answers,
    digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null", null = "null"
  )
  out <- file(file.path("tests/oracle", paste0(topic, ".json")), open = "wb")
  writeLines(enc2utf8(as.character(text)), out, sep = "\n", useBytes = TRUE)
  close(out)
}
