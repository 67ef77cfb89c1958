// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/cdi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "../base/temporary_directory.h"
#include "base/error.h"
#include "builders.h"
#include "orchestrator/lower.h"
#include "orchestrator/preflight.h"

namespace stack::orchestrator {
namespace {

using namespace testing;

constexpr const char* two_cards = R"({
	"cdiVersion": "0.7.0",
	"kind": "vendor.com/card",
	"containerEdits": {"env": ["CARDS=yes"], "additionalGids": [0, 44]},
	"devices": [
		{"name": "a", "containerEdits": {
			"env": ["CARD=a"],
			"deviceNodes": [{"path": "/dev/card0", "hostPath": "/dev/null", "permissions": "r",
			                 "fileMode": 384, "uid": 7}],
			"mounts": [{"hostPath": "/usr", "containerPath": "/opt/driver",
			            "options": ["ro", "nosuid", "nodev", "rbind", "rprivate"]}],
			"hooks": [{"hookName": "createContainer", "path": "/bin/hook", "args": ["hook", "x"],
			           "timeout": 3}]}},
		{"name": "b:1", "containerEdits": {
			"deviceNodes": [{"path": "/dev/card1", "type": "c", "major": 1, "minor": 3}]}}
	]
})";

CdiRegistry registry(const std::vector<std::pair<std::string, int>>& texts) {
  CdiRegistry registry;
  for (const auto& [text, priority] : texts) {
    const std::string file = fmt::format("/cdi/{}.json", registry.specs.size());
    registry.specs.push_back(parse_cdi_spec(file, text));
    registry.specs.back().priority = priority;
  }
  return registry;
}

/// Specification of version 1.0.0 with one device each.
std::string spec_with(const std::string& kind, const std::vector<std::string>& devices,
                      const std::string& edits = "env: ['A=1']") {
  std::string text = fmt::format("cdiVersion: 1.0.0\nkind: {}\ndevices:\n", kind);
  for (const auto& name : devices)
    text += fmt::format("- name: '{}'\n  containerEdits:\n    {}\n", name, edits);
  return text;
}

std::string refusal(const std::string& text) {
  try {
    parse_cdi_spec("x.yaml", text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

spec::Service with_device(const std::string& name) {
  spec::Service web = service("web");
  web.devices.push_back({name, name, "rwm"});
  return web;
}

spec::Service with_request(const spec::DeviceRequest& request) {
  spec::Service web = service("web");
  web.device_requests.push_back(request);
  return web;
}

spec::DeviceRequest request_of(std::optional<std::int64_t> count,
                               const std::vector<std::string>& ids = {},
                               const std::string& driver = "") {
  spec::DeviceRequest request;
  request.count = count;
  request.device_ids = ids;
  request.driver = driver;
  request.capabilities = {"gpu"};
  return request;
}

/// "MESSAGE\n  hint: HINT" of each problem.
std::string problems_of(const spec::Service& web, const CdiRegistry& known) {
  std::vector<Problem> problems;
  grant_devices(project({web}), {"web"}, known, problems);
  std::string text;
  for (const Problem& problem : problems) text += to_text(problem) + "\n";
  return text;
}

std::vector<CdiGrant> grants_of(const spec::Service& web, const CdiRegistry& known) {
  std::vector<Problem> problems;
  CdiGrants grants = grant_devices(project({web}), {"web"}, known, problems);
  for (const Problem& problem : problems) ADD_FAILURE() << to_text(problem);
  return grants["web"];
}

std::vector<std::string> names_of(const std::vector<CdiGrant>& grants) {
  std::vector<std::string> names;
  for (const auto& grant : grants) names.push_back(grant.name);
  return names;
}

DesiredContainer wish_for(const spec::Service& web, const CdiRegistry& known) {
  return desired_state(project({web}), {"web"}, images(), {}, {{"web", grants_of(web, known)}})
      .containers.at("shop-web-1");
}

supervisor::ContainerConfig lowered(const DesiredContainer& wish) {
  const Places places{{"/layers/1"},
                      [](const auto& volume, const auto&) { return "/volumes/" + volume; }};
  return lower(wish, "shop", std::string(64, 'a'), places);
}

TEST(CdiSpec, EveryEditIsRead) {
  const CdiSpec spec = parse_cdi_spec("/cdi/x.json", two_cards);
  EXPECT_EQ(spec.kind, "vendor.com/card");
  EXPECT_EQ(spec.edits.environment, std::vector<std::string>{"CARDS=yes"});
  EXPECT_EQ(spec.edits.groups, std::vector<std::string>{"44"});
  const CdiEdits& card = spec.devices.at("a");
  ASSERT_EQ(card.nodes.size(), 1U);
  EXPECT_EQ(card.nodes[0].source, "/dev/null");
  EXPECT_EQ(card.nodes[0].target, "/dev/card0");
  EXPECT_EQ(card.nodes[0].permissions, "r");
  EXPECT_EQ(card.nodes[0].mode, 0600U);
  EXPECT_EQ(card.nodes[0].uid, 7U);
  EXPECT_FALSE(card.nodes[0].identity);
  ASSERT_EQ(card.mounts.size(), 1U);
  EXPECT_EQ(card.mounts[0].writable, runtime::Writable::no);
  EXPECT_EQ(card.mounts[0].options, (std::vector<std::string>{"nosuid", "nodev"}));
  ASSERT_EQ(card.hooks.size(), 1U);
  EXPECT_EQ(card.hooks[0].arguments, (std::vector<std::string>{"hook", "x"}));
  EXPECT_EQ(card.hooks[0].timeout, 3U);
  EXPECT_EQ(spec.devices.at("b:1").nodes[0].identity, (runtime::DeviceIdentity{'c', 1, 3}));
}

TEST(CdiSpec, AMistakeIsToldAtItsPlace) {
  EXPECT_EQ(refusal("cdiVersion: 9.0.0\nkind: a/b\ndevices: []\n"),
            "x.yaml:1:13: cdiVersion \"9.0.0\" is not known here: 0.1.0 to 1.1.0 are");
  EXPECT_EQ(refusal("cdiVersion: 1.0.0\nkind: b\ndevices: []\n"),
            "x.yaml:2:7: kind \"b\" is not VENDOR/CLASS");
  EXPECT_EQ(refusal("cdiVersion: 1.0.0\nkind: a/b\ndevices: []\n"),
            "x.yaml:3:10: devices is empty");
  EXPECT_EQ(refusal(spec_with("a/b", {"one"}, "enw: []")),
            "x.yaml:6:5: CDI has no key \"enw\" here (did you mean \"env\"?)");
  EXPECT_EQ(refusal(spec_with("a/b", {"one", "one"})), "x.yaml:7:9: there are two devices \"one\"");
  EXPECT_EQ(refusal(spec_with("a/b", {"one"}, "deviceNodes: [{path: dev/x}]")),
            "x.yaml:6:26: path must be an absolute path, not \"dev/x\"");
  EXPECT_EQ(refusal(spec_with("a/b", {"one"}, "hooks: [{hookName: never, path: /x}]")),
            "x.yaml:6:24: there is no hook \"never\"");
  EXPECT_TRUE(refusal("{").starts_with("x.yaml:1:"));
}

TEST(CdiRegistry, FilesOfBothKindsAreReadAndBadOnesRemembered) {
  const TemporaryDirectory etc;
  const TemporaryDirectory run;
  std::ofstream(etc / "a.json") << two_cards;
  std::ofstream(etc / "notes.txt") << "no specification";
  std::ofstream(run / "b.yaml") << spec_with("other.com/thing", {"x"});
  std::ofstream(run / "c.yaml") << "kind: [\n";
  const CdiRegistry known = read_cdi_registry({etc.path(), run.path(), "/nosuch"});
  ASSERT_EQ(known.specs.size(), 2U);
  EXPECT_EQ(known.specs[0].priority, 0);
  EXPECT_EQ(known.specs[1].priority, 1);
  EXPECT_EQ(known.broken.size(), 1U);
}

TEST(CdiGrants, WhatAllDevicesOfAKindShareComesOnceAndFirst) {
  spec::Service web = with_device("vendor.com/card=a");
  web.devices.push_back({"/dev/zero", "/dev/zero", "rwm"});
  web.devices.push_back({"vendor.com/card=b:1", "vendor.com/card=b:1", "rwm"});
  const auto grants = grants_of(web, registry({{two_cards, 0}}));
  EXPECT_EQ(names_of(grants), (std::vector<std::string>{"vendor.com/card", "vendor.com/card=a",
                                                        "vendor.com/card=b:1"}));
  EXPECT_EQ(grants[2].place, "devices.2");
}

TEST(CdiGrants, TheDirectoryOfHigherPriorityWins) {
  const auto grants =
      grants_of(with_device("a/b=x"), registry({{spec_with("a/b", {"x"}, "env: ['A=run']"), 1},
                                                {spec_with("a/b", {"x"}, "env: ['A=etc']"), 0}}));
  EXPECT_EQ(grants.at(0).edits.environment, std::vector<std::string>{"A=run"});
}

TEST(CdiGrants, WhatCannotBeHadIsToldWithWhatCould) {
  const CdiRegistry known = registry({{spec_with("a/b", {"one", "two"}), 0}});
  EXPECT_EQ(problems_of(with_device("a/b=onee"), known),
            "error: service \"web\": there is no CDI device \"a/b=onee\"\n"
            "  hint: did you mean \"a/b=one\"?\n");
  EXPECT_EQ(problems_of(with_device("a/b=9"), known),
            "error: service \"web\": there is no CDI device \"a/b=9\"\n"
            "  hint: there are: one, two\n");
  EXPECT_EQ(problems_of(with_device("other.com/thing=1"), known),
            "error: service \"web\": no CDI specification has devices of kind \"other.com/thing\"\n"
            "  hint: there are: a/b\n");
  EXPECT_EQ(problems_of(with_device("a/b=one"), {{}, {"/etc/cdi/x.json:1:2: bad"}}),
            "error: service \"web\": no CDI specification has devices of kind \"a/b\"\n"
            "  hint: there are none in /etc/cdi and /var/run/cdi: the vendor's tools write them; "
            "not understood: /etc/cdi/x.json:1:2: bad\n");
}

TEST(CdiGrants, TwoFilesOfOneDirectoryMustNotDisagree) {
  const std::string text = spec_with("a/b", {"x"});
  EXPECT_EQ(problems_of(with_device("a/b=x"), registry({{text, 0}, {text, 0}})),
            "error: service \"web\": CDI device \"a/b=x\" is defined twice: in /cdi/0.json and in "
            "/cdi/1.json\n  hint: remove one of the files\n");
}

TEST(CdiGrants, WhatStackDoesNotDoIsRefusedByName) {
  const auto refused = [](const std::string& edits) {
    return problems_of(with_device("a/b=x"), registry({{spec_with("a/b", {"x"}, edits), 0}}));
  };
  EXPECT_EQ(refused("hooks: [{hookName: poststop, path: /bin/x}]"),
            "error: service \"web\": CDI device \"a/b=x\" wants a hook poststop (/bin/x), which "
            "stack cannot give\n  hint: says /cdi/0.json\n");
  EXPECT_NE(refused("intelRdt: {closID: x}").find("a class of Intel RDT"), std::string::npos);
  EXPECT_NE(refused("netDevices: [{hostInterfaceName: eth5, name: eth0}]")
                .find("the host's network interface eth5"),
            std::string::npos);
  EXPECT_NE(refused("mounts: [{hostPath: x, containerPath: /x, type: nfs}]")
                .find("a mount of type nfs on /x"),
            std::string::npos);
}

TEST(CdiGrants, ReachTheContainerAndWinOverItsOwn) {
  spec::Service web = with_device("vendor.com/card=a");
  web.environment["CARD"] = "mine";
  web.group_add = {"5"};
  web.user = "1000:1001";
  const auto config = lowered(wish_for(web, registry({{two_cards, 0}})));
  const auto& environment = config.spec.process.environment;
  EXPECT_NE(std::ranges::find(environment, "CARD=a"), environment.end());
  EXPECT_EQ(config.spec.process.groups, (std::vector<std::string>{"5", "44"}));
  ASSERT_EQ(config.spec.security.devices.size(), 1U);
  const auto& node = config.spec.security.devices[0];
  EXPECT_EQ(node.uid, 7U);
  EXPECT_EQ(node.gid, 1001U) << "who runs in it owns what has no owner";
  ASSERT_EQ(config.spec.mounts.size(), 1U);
  EXPECT_EQ(config.spec.mounts[0].target, "/opt/driver");
  ASSERT_EQ(config.spec.hooks.size(), 1U);
  EXPECT_EQ(config.spec.hooks[0].path, "/bin/hook");
}

TEST(CdiGrants, AnotherWordOfTheVendorsIsAReasonForAnotherContainer) {
  const spec::Service web = with_device("a/b=x");
  const auto before = describe(wish_for(web, registry({{spec_with("a/b", {"x"}), 0}})));
  const auto after =
      describe(wish_for(web, registry({{spec_with("a/b", {"x"}, "env: ['A=2']"), 0}})));
  const auto changes = compare_descriptions(before, after, {}, "web");
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(to_text(changes[0]), R"(devices.cdi.a/b=x.env: ["A=1"] -> ["A=2"])");
}

TEST(CdiGrants, WhatTheMachineDoesNotHaveIsTold) {
  const auto grants = grants_of(
      with_device("a/b=x"),
      registry(
          {{spec_with("a/b", {"x"},
                      "{deviceNodes: [{path: /dev/nosuch}, {path: /dev/any, type: c, major: 9}],"
                      " mounts: [{hostPath: /nosuch, containerPath: /x}],"
                      " hooks: [{hookName: createContainer, path: /etc/passwd}]}"),
            0}}));
  std::string text;
  for (const auto& problem : check_grants(grants, "web", {})) text += problem.message + "\n";
  EXPECT_EQ(text,
            "service \"web\": CDI device \"a/b=x\" needs /dev/nosuch, which does not exist\n"
            "service \"web\": CDI device \"a/b=x\" needs /nosuch, which does not exist\n"
            "service \"web\": CDI device \"a/b=x\" needs /etc/passwd, which cannot be executed\n");
}

TEST(Gpus, AllOfThemTheFirstOnesOrThoseOfTheirIds) {
  const CdiRegistry known =
      registry({{spec_with("nvidia.com/gpu", {"0", "1", "10", "2", "GPU-5", "all"}), 0}});
  const auto names = [&](const spec::DeviceRequest& request) {
    return requested_devices(request, known);
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(request_of(-1)), Names{"nvidia.com/gpu=all"});
  EXPECT_EQ(names(request_of(3)),
            (Names{"nvidia.com/gpu=0", "nvidia.com/gpu=1", "nvidia.com/gpu=2"}));
  EXPECT_EQ(names(request_of(std::nullopt, {"GPU-5"})), Names{"nvidia.com/gpu=GPU-5"});
  EXPECT_EQ(names(request_of(std::nullopt, {"a/b=c"}, "cdi")), Names{"a/b=c"});
  EXPECT_EQ(problems_of(with_request(request_of(9)), known),
            "error: service \"web\": 9 devices of kind nvidia.com/gpu are asked for, and there are "
            "4\n");
}

TEST(Gpus, AreThoseOfTheVendorWhoHasSome) {
  const CdiRegistry known = registry({{spec_with("amd.com/gpu", {"0", "1"}), 0}});
  EXPECT_EQ(requested_devices(request_of(-1), known),
            (std::vector<std::string>{"amd.com/gpu=0", "amd.com/gpu=1"}));
  EXPECT_EQ(problems_of(with_request(request_of(1, {}, "nvidia")), known),
            "error: service \"web\": asks for graphics processors, but no CDI specification has "
            "nvidia.com/gpu\n  hint: install nvidia-container-toolkit and run `nvidia-ctk cdi "
            "generate --output=/etc/cdi/nvidia.yaml`\n");
}

TEST(Gpus, WithoutASpecificationWhatToInstallIsTold) {
  EXPECT_EQ(
      problems_of(with_request(request_of(-1)), {}),
      "error: service \"web\": asks for graphics processors, but no CDI specification has any "
      "(nvidia.com/gpu or amd.com/gpu)\n  hint: install nvidia-container-toolkit and run "
      "`nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`\n");
  spec::DeviceRequest tensor = request_of(1);
  tensor.capabilities = {"tpu"};
  EXPECT_EQ(problems_of(with_request(tensor), {}),
            "error: service \"web\": no driver has devices that can do \"tpu\"\n  hint: "
            "`capabilities: [gpu]` are found; name others as `devices: [VENDOR/CLASS=NAME]`\n");
  EXPECT_EQ(problems_of(with_request(request_of(1, {}, "x")), {}),
            "error: service \"web\": there is no driver \"x\"\n  hint: there are nvidia, amd and "
            "cdi\n");
}

TEST(Gpus, KnowTheirPlaceInTheFile) {
  spec::Service web = with_request(request_of(1));
  web.device_requests.front().reserved = true;
  web.device_requests.push_back(request_of(-1));
  const auto grants = grants_of(web, registry({{spec_with("nvidia.com/gpu", {"0", "all"}), 0}}));
  ASSERT_EQ(grants.size(), 2U);
  EXPECT_EQ(grants[0].place, "deploy.resources.reservations.devices.0");
  EXPECT_EQ(grants[1].place, "gpus.0");
}

}  // namespace
}  // namespace stack::orchestrator
