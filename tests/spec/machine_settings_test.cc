// SPDX-License-Identifier: Apache-2.0
#include "spec/machine_settings.h"

#include "base/error.h"
#include "folder.h"
#include "load_text.h"

namespace stack::spec {
namespace {

std::string refusal(const std::string& text) {
  Diagnostics diagnostics;
  parse_machine_settings({{"/etc/stack/config.yaml", "config.yaml", text}}, diagnostics);
  return diagnostics.first_error();
}

TEST(MachineSettings, TheLaterFileWins) {
  Diagnostics diagnostics;
  const auto settings = parse_machine_settings(
      {{"a", "a", "default_bind: 127.0.0.1"}, {"b", "b", "default_bind: '::1'"}}, diagnostics);
  EXPECT_EQ(diagnostics.to_text(), "");
  EXPECT_EQ(settings.default_bind, "::1");
}

TEST(MachineSettings, MistakesAreToldWithTheirPlace) {
  EXPECT_EQ(refusal("# mine\ndefault_bin: ::1\n"),
            "config.yaml:2:1: error: unknown key \"default_bin\"");
  EXPECT_EQ(refusal("default_bind: localhost"),
            "config.yaml:1:15: error: \"default_bind\" must be an IP address");
  EXPECT_EQ(refusal("default_bind: [127.0.0.1]"),
            "config.yaml:1:15: error: \"default_bind\" must be an IP address");
  EXPECT_EQ(refusal("- a"), "config.yaml:1:1: error: the file must be a mapping, not a list");
  EXPECT_NE(refusal("a: b: c"), "");
  EXPECT_EQ(refusal(""), "");
}

class SettingsFiles : public Folder {};

TEST_F(SettingsFiles, AreFoundWhereTheEnvironmentSays) {
  write("home/.config/stack/config.yaml", "default_bind: 127.0.0.1");
  write("xdg/stack/config.yaml", "default_bind: 127.0.0.2");
  const std::string home = root_ / "home", xdg = root_ / "xdg";
  EXPECT_EQ(read_machine_settings({{"HOME", home}}).default_bind, "127.0.0.1");
  EXPECT_EQ(read_machine_settings({{"HOME", home}, {"XDG_CONFIG_HOME", xdg}}).default_bind,
            "127.0.0.2");
  write("xdg/stack/config.yaml", "default_bind: everywhere");
  try {
    read_machine_settings({{"XDG_CONFIG_HOME", xdg}});
    FAIL() << "must be refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::invalid_file);
    EXPECT_NE(error.message().find(xdg + "/stack/config.yaml:1:15"), std::string::npos);
  }
}

}  // namespace
}  // namespace stack::spec
