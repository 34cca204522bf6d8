//! The codes with which each command ends, for its help page.

pub(crate) const RUN: &str = "Exit codes: 0 every promise held and every objective was met, 1 a promise was broken or an objective not met, 2 unknown: nothing was found broken, and not every promise was put to the test, 254 the command line is \
                          wrong, 255 the harness failed";

pub(crate) const EXPLORE: &str = "Exit codes: 0 no run broke a promise, and every promise was put to the test, 1 a run broke one, 2 unknown, 254 the command line is \
                                  wrong, 255 the harness failed";

pub(crate) const MATRIX: &str = "Exit codes: 0 no correct flavour broke a promise, and every known bug was found in each search, 1 a correct flavour broke one, \
                                 2 a promise could not have been broken in any run, a search for a bug was cut off after 20,000 runs, or a signal came, 254 the command line is wrong, 255 the harness failed";

pub(crate) const CAMPAIGN: &str = "Exit codes: 0 no failure was found that is not known, and everything was put to the test, 1 one was found, or one that is no longer let pass, 2 unknown: \
                                   not every run was made or not everything was put to the test, or the night is void, since the canary was not found, 254 the command line or the \
                                   campaign is wrong, 255 too many runs crashed, or the harness failed";

pub(crate) const MERGE: &str = "Exit codes: 0 the parts were joined, 254 the command line is wrong, or they are not parts of one campaign, 255 the folder could not be written";

pub(crate) const RECHECK: &str = "Exit codes: 0 no verdict changed, 1 one did, 2 no history is kept, 254 the command line is wrong, 255 a history could not be read, or the harness failed";

pub(crate) const DIFF: &str = "Exit codes: 0 both came out the same, 1 they differ, 254 the command line is wrong, 255 one could not be read";

pub(crate) const DIFF_RUNS: &str = "Exit codes: 0 both came out the same: one verdict, the same outcome of each property, the same ways in which promises broke, 1 they differ, \
                                    254 the command line is wrong, or a folder is not that of a judged run, 255 a verdict could not be read";

pub(crate) const LISTS: &str = "Exit codes: 0 all was printed, 254 the command line is wrong, or there is no such store, 255 not all could be printed";

pub(crate) const SERVE: &str = "Exit codes: 0 Ctrl-C ended it, 254 the command line is wrong, or there is no such store, 255 nothing can be listened on there, or the harness failed";

pub(crate) const CHECK: &str = "Exit codes: 0 every promise held and every objective was met, 1 a promise was broken or an objective not met, 2 unknown: nothing was found broken, and not every promise was put to the test, 254 the command line is \
                                wrong, or names a file that is not there, 255 a history could not be read, or the harness failed. Of several histories the worst decides";

pub(crate) const REPORT: &str = "Exit codes: 0 every promise held and every objective was met, 1 a promise was broken or an objective not met, 2 unknown: nothing was found broken, and not every promise was put to the test, 254 the command line is \
                                 wrong, 255 the history could not be read, or not every report could be written";

pub(crate) const EXPORT: &str = "Exit codes: 0 the history was written, 254 the command line is wrong, 255 the history could not be read, or not all of it could be written";

pub(crate) const WINDOWS: &str = "Exit codes: 0 all was measured, 2 nothing shows that a cut took hold, 254 the command line is wrong, 255 the harness failed";

pub(crate) const SHRINK: &str = "Exit codes: 0 the scenario was written, 254 the command line is wrong, or the run breaks no promise, 255 the harness failed";

pub(crate) const BLAME: &str = "Exit codes: 0 it is told what each fault does, 254 the command line is wrong, or the run breaks no promise, 255 the harness failed";

pub(crate) const DOCTOR: &str = "Exit codes: 0 nothing is missing (the docker world may be absent), 254 the command line is wrong, 255 something is missing, or the harness failed";

pub(crate) const NEW: &str = "Exit codes: 0 both files were written, 254 the command line is wrong, or the folder is there already, 255 they could not be written";

pub(crate) const TRIAL: &str = "Exit codes: 0 all of it worked, 1 some of it failed, 254 the command line or the manifest is wrong, 255 the harness failed";

/// Of commands that are several.
pub(crate) const SEVERAL: &str = "Exit codes: the help of each command lists its own";

/// Of commands that do nothing but print.
pub(crate) const PRINTS: &str =
    "Exit codes: 0 all was printed, 254 the command line is wrong, 255 not all could be printed";

pub(crate) const SCENARIO: &str = "Exit codes: 0 everything was as expected, 1 something was not, 254 the command line or the scenario is wrong, 255 the harness \
     failed. A scenario that expects nothing ends as `afterall run` does.";
