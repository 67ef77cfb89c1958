// SPDX-License-Identifier: Apache-2.0
#include "cli/go_template.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace stack::cli {
namespace {

const nlohmann::ordered_json& web() {
  static const auto value = nlohmann::ordered_json::parse(R"({
    "Name": "shop-web-1", "ID": "0123456789abcdef", "Running": true, "Pid": 71, "Load": 0.5,
    "Labels": "team=a,stage=test", "Nothing": null, "Empty": [],
    "State": {"Status": "running", "ExitCode": 0},
    "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "", "HostIp": ""}]}},
    "Networks": {"front": {"IPAddress": "10.1.0.2"}, "back": {"IPAddress": "10.2.0.2"}},
    "Args": ["-g", "daemon off;"]})");
  return value;
}

std::string render(std::string_view text) {
  return GoTemplate(text).render(web());
}

std::string refusal(std::string_view text) {
  try {
    render(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::usage);
    return error.what();
  }
  return "(accepted)";
}

TEST(GoTemplate, PrintsFieldsAsGoDoes) {
  EXPECT_EQ(render("{{.Name}} {{.State.Status}} {{.Pid}} {{.Running}} {{.Load}}"),
            "shop-web-1 running 71 true 0.5");
  EXPECT_EQ(render("{{.HostConfig.PortBindings}}"), "map[80/tcp:[map[HostIp: HostPort:]]]");
  EXPECT_EQ(render("{{.Args}} {{.Nothing}}"), "[-g daemon off;] <no value>");
}

TEST(GoTemplate, AMountThatIsNoVolumeHasAnEmptyName) {
  const auto value = nlohmann::ordered_json::parse(R"({"Mounts": [
      {"Type": "bind", "Destination": "/a", "Propagation": "rprivate"},
      {"Type": "volume", "Name": "data", "Destination": "/b", "Propagation": ""}]})");
  EXPECT_EQ(GoTemplate("{{range .Mounts}}[{{.Name}}]{{end}}").render(value), "[][data]");
}

TEST(GoTemplate, PublishersAreStructs) {
  const auto value = nlohmann::ordered_json::parse(R"({"Publishers": [
      {"Protocol": "tcp", "PublishedPort": 18080, "TargetPort": 80, "URL": "0.0.0.0"}]})");
  EXPECT_EQ(GoTemplate("{{.Publishers}}").render(value), "[{0.0.0.0 80 18080 tcp}]");
}

TEST(GoTemplate, TextAroundIsKeptAndShellsEscapesAreRead) {
  EXPECT_EQ(render("a\\t{{.Pid}}\\n"), "a\t71\n");
  EXPECT_EQ(render("a  {{- .Pid -}}  b"), "a71b");
  EXPECT_EQ(render("a{{/* nobody reads this */}}b"), "ab");
}

TEST(GoTemplate, IndexReachesIntoMapsAndLists) {
  EXPECT_EQ(render(R"({{(index .HostConfig.PortBindings "80/tcp")}})"), "[map[HostIp: HostPort:]]");
  EXPECT_EQ(render("{{index .Args 1}}"), "daemon off;");
  EXPECT_EQ(render(R"({{(index (index .HostConfig.PortBindings "80/tcp") 0).HostPort}})"), "");
}

TEST(GoTemplate, RangeGoesThroughMapsByKeyAndThroughLists) {
  EXPECT_EQ(render("{{range $name, $net := .Networks}}{{$name}}={{$net.IPAddress}} {{end}}"),
            "back=10.2.0.2 front=10.1.0.2 ");
  EXPECT_EQ(render("{{range .Networks}}{{.IPAddress}};{{end}}"), "10.2.0.2;10.1.0.2;");
  EXPECT_EQ(render("{{range $i, $a := .Args}}{{$i}}{{$a}}{{end}}"), "0-g1daemon off;");
  EXPECT_EQ(render("{{range .Empty}}x{{else}}none{{end}}"), "none");
  EXPECT_EQ(render("{{range .Args}}{{$.Pid}}{{end}}"), "7171");
}

TEST(GoTemplate, IfWithAndElse) {
  EXPECT_EQ(render("{{if .Running}}up{{else}}down{{end}}"), "up");
  EXPECT_EQ(render(R"({{if eq .State.Status "exited" "dead"}}a{{else if .Pid}}b{{else}}c{{end}}d)"),
            "bd");
  EXPECT_EQ(render("{{with .State}}{{.ExitCode}}{{end}}{{with .Empty}}x{{else}}-{{end}}"), "0-");
  EXPECT_EQ(render(R"({{if and .Running (not .Empty) (ne .Name "x")}}yes{{end}})"), "yes");
  EXPECT_EQ(render("{{if or .Empty (lt .Pid 3) (ge .Pid 71)}}yes{{end}}"), "yes");
}

TEST(GoTemplate, VariablesLiveAsLongAsTheirBlock) {
  EXPECT_EQ(render("{{$x := .Pid}}{{if true}}{{$x = 3}}{{$y := 4}}{{$x}}{{$y}}{{end}}{{$x}}"),
            "343");
  EXPECT_EQ(refusal("{{if true}}{{$y := 4}}{{end}}{{$y}}"), "--format: there is no variable $y");
}

TEST(GoTemplate, HasDockersFunctions) {
  EXPECT_EQ(render("{{json .State}}"), R"({"Status":"running","ExitCode":0})");
  EXPECT_EQ(render("{{.Name | upper}} {{lower \"AB\"}} {{title \"a bc\"}}"), "SHOP-WEB-1 ab A Bc");
  EXPECT_EQ(render(R"({{join .Args ", "}} {{join (split .Labels ",") ";"}})"),
            "-g, daemon off; team=a;stage=test");
  EXPECT_EQ(render("{{len .Args}}{{len .Name}} {{truncate .ID 4}} [{{pad .Pid 1 2}}]"),
            "210 0123 [ 71  ]");
  EXPECT_EQ(render(R"({{printf "%-8s|%5d|%q|%v|%.1f|%x|%%" "ab" .Pid .Name .Args .Load 255}})"),
            R"(ab      |   71|"shop-web-1"|[-g daemon off;]|0.5|ff|%)");
  EXPECT_EQ(render("{{println .Pid .Name}}{{print .Pid .Name}}"), "71 shop-web-1\n71shop-web-1");
  EXPECT_EQ(render(R"({{.Label "stage"}}-{{.Label "nope"}}-)"), "test--");
}

TEST(GoTemplate, WhatDockersStructsLeaveOutIsNothing) {
  EXPECT_EQ(render("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}"), "none");
  EXPECT_EQ(render("{{with .State.Health}}x{{end}}|{{if .Healthcheck}}y{{end}}|"), "||");
  EXPECT_EQ(render("{{.State.Health}} {{.Init}} {{.Author}}"), "<nil> <nil> <no value>");
  EXPECT_EQ(render("{{.Entrypoint}} {{.ExposedPorts}} {{json .Env}}"), "[] map[] null");
  EXPECT_EQ(render("{{index .Sysctls \"x\"}}|{{range .Env}}x{{end}}|"), "||");
  EXPECT_EQ(refusal("{{.State.Health.Status}}"), "--format: there is no field .Status in nothing");
}

TEST(GoTemplate, AKeyThatAMapHasNotIsNoMistake) {
  const GoTemplate line(
      "{{.Networks.nope.IPAddress}}|{{.Networks.one.IPAddress}}|{{.Attributes.x}}");
  EXPECT_EQ(line.render({{"Networks", {{"one", {{"IPAddress", "10.0.0.2"}}}}},
                         {"Attributes", {{"name", "web"}}}}),
            "<no value>|10.0.0.2|<no value>");
}

TEST(GoTemplate, TakesParts) {
  EXPECT_EQ(render("{{slice .ID 0 4}} {{slice .Args 1}} {{html \"<a & b>\"}}"),
            "0123 [daemon off;] &lt;a &amp; b&gt;");
  EXPECT_EQ(render("{{urlquery \"a b&c/d~e=\"}}"), "a+b%26c%2Fd~e%3D");
  EXPECT_EQ(refusal("{{slice .ID 0 1000}}"), "--format: index out of range: 1000");
}

TEST(GoTemplate, WhatIsNotThereIsToldByName) {
  EXPECT_EQ(refusal("{{.Nope}}"), "--format: there is no field .Nope");
  EXPECT_EQ(refusal("{{.Name.First}}"), "--format: there is no field .First in shop-web-1");
  EXPECT_EQ(refusal("{{index .Args 7}}"), "--format: index out of range: 7");
  EXPECT_EQ(refusal("{{frobnicate .Pid}}"),
            "--format: {{frobnicate .Pid}}: there is no function \"frobnicate\"");
}

TEST(GoTemplate, WhatCannotBeReadIsRefused) {
  for (const char* text :
       {"{{.Name", "{{}}", "{{end}}", "{{if .Pid}}x", "{{range}}", "{{.Pid)}}", "{{(.Pid}}",
        "{{\"open}}", "{{define \"x\"}}{{end}}", "{{.Pid .Name}}", "{{| json}}", "{{else}}",
        "{{printf \"%d\"}}", "{{printf \"%z\" 1}}", "{{$}", "{{1x}}", "{{range .Pid}}{{end}}"})
    EXPECT_TRUE(refusal(text).starts_with("--format: ")) << text << ": " << refusal(text);
}

}  // namespace
}  // namespace stack::cli
