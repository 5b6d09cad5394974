# SPDX-License-Identifier: GPL-3.0-or-later
# Writes answers.csv: the single answers of the 2002 army survey, without any score made of them.
# The scores are left behind on purpose: cultureplus has to arrive at them by itself.
# Run from the top folder of the project: Rscript data/army2002/make.R

suppressMessages(library(multilevel))

folder <- "data/army2002"
if (!dir.exists(folder)) stop("Run this from the top folder of the project.")

data(lq2002)
items <- c(
  setNames(sprintf("LEAD%02d", 1:11), sprintf("lead_%d", 1:11)),
  setNames(sprintf("TSIG%02d", 1:3), sprintf("task_%d", 1:3)),
  setNames(sprintf("HOSTIL%02d", 1:5), sprintf("hostile_%d", 1:5))
)
answers <- data.frame(respondent = lq2002$SUB, company = lq2002$COMPID)
answers[names(items)] <- lq2002[items]

# A changed package must stop the export instead of changing the data unnoticed.
stopifnot(
  nrow(answers) == 2042,
  length(unique(answers$company)) == 49,
  identical(answers$respondent, seq_len(2042)),
  !anyNA(answers),
  all(unlist(answers[sprintf("lead_%d", 1:11)]) %in% 1:5),
  all(unlist(answers[sprintf("task_%d", 1:3)]) %in% 1:5),
  all(unlist(answers[sprintf("hostile_%d", 1:5)]) %in% 0:4)
)

out <- file(file.path(folder, "answers.csv"), open = "wb") # the same line ends on every system
write.table(answers, out, sep = ",", row.names = FALSE, quote = FALSE, eol = "\n")
close(out)
