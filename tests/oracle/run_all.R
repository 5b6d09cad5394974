# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the whole oracle anew: first the tables, then the answers.
# Run from the top folder of the project: Rscript tests/oracle/run_all.R

if (!file.exists("tests/oracle/run_all.R")) stop("Run this from the top folder of the project.")
rscript <- file.path(R.home("bin"), "Rscript")
scripts <- c("make_data", "make_polychoric_data", "make_factor_data", "make_agreement_data", "make_network_data", "alpha", "icc",
             "levels", "mixed", "crossed", "prevalence", "change", "polychoric", "factor", "omega", "invariance",
             "within_group", "pooled_agreement", "screening", "drivers", "mediation", "barrier_odds",
             "network")
for (script in scripts) {
  message("step ", match(script, scripts), " of ", length(scripts), ": ", script)
  if (system2(rscript, file.path("tests/oracle", paste0(script, ".R"))) != 0) {
    stop(script, ".R failed; the answers after it were not made anew.")
  }
}
