// The findings of `rules check` in the formats that editors and CI systems read.
#pragma once

#include <string>

#include "engine/base/diagnostics.h"

namespace kubevigil {

// {"schema":"kubevigil.check/v1","errors":N,"warnings":N,"findings":[{file,line,column,severity,code,message,hint,rule}]}
std::string check_json(const Diagnostics& diagnostics);
// SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), for code scanning.
std::string check_sarif(const Diagnostics& diagnostics, const std::string& version);
// JUnit XML: one testsuite; one testcase a file, with a failure for each error and warning.
std::string check_junit(const Diagnostics& diagnostics, const SourceTexts& sources);

std::string xml_escaped(std::string_view text);

}  // namespace kubevigil
