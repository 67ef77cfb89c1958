// SPDX-License-Identifier: Apache-2.0
#include "cli/graph_view.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

spec::Project shop() {
  spec::Project project;
  project.name = "shop";
  for (const char* name : {"db", "migrate", "proxy", "web"}) project.services[name].name = name;
  auto& services = project.services;
  services["db"].image = "postgres:16";
  spec::Mount data;
  data.source = "data";
  data.target = "/data";
  services["db"].volumes.push_back(data);
  services["migrate"].depends_on["db"] = {spec::Condition::service_healthy};
  services["web"].depends_on["db"] = {spec::Condition::service_healthy};
  services["web"].depends_on["migrate"] = {spec::Condition::service_completed_successfully};
  services["web"].depends_on["cache"] = {};  // in a profile that is not active
  services["proxy"].depends_on["web"] = {spec::Condition::service_started, false, false};
  spec::Port port;
  port.published = port.published_last = 8080;
  port.target = 80;
  services["proxy"].ports.push_back(port);
  project.volumes["data"] = {};
  return project;
}

const std::set<std::string> all{"db", "migrate", "proxy", "web"};

TEST(Graph, TheTreeBeginsWithWhatNobodyNeeds) {
  EXPECT_EQ(graph_tree(graph_of(shop(), all, {})), R"(proxy
└─ web (optional)
   ├─ db (healthy)
   └─ migrate (completed)
      └─ db (healthy)
)");
}

TEST(Graph, WhatWasShownIsNotGoneIntoAgain) {
  spec::Project project = shop();
  project.services["proxy"].depends_on["migrate"] = {};
  EXPECT_EQ(graph_tree(graph_of(project, all, {})), R"(proxy
├─ migrate
│  └─ db (healthy)
└─ web (optional)
   ├─ db (healthy)
   └─ migrate (completed)
      └─ ... as above
)");
}

TEST(Graph, ImagesPortsAndVolumesAreShownWhenAskedFor) {
  EXPECT_EQ(graph_tree(graph_of(shop(), {"db", "proxy"},
                                {.images = true, .ports = true, .volumes = true})),
            "db  postgres:16\n└─ volume data\nproxy  8080:80\n");
}

TEST(Graph, Dot) {
  EXPECT_EQ(graph_dot(graph_of(shop(), {"db", "migrate"}, {.images = true})),
            R"(digraph "shop" {
  node [fontname="sans-serif"];
  n0 [label="db\npostgres:16", shape=box];
  n1 [label="migrate", shape=box];
  n1 -> n0 [label="healthy"];
}
)");
}

TEST(Graph, Mermaid) {
  EXPECT_EQ(graph_mermaid(graph_of(shop(), {"db", "migrate"}, {.volumes = true})),
            R"(flowchart TD
  n0["db"]
  n1["migrate"]
  n2[("data")]
  n0 --> n2
  n1 -->|healthy| n0
)");
}

TEST(Graph, ThePictureHasWhatIsNeededBelowAndNoForeignMarkup) {
  spec::Project project = shop();
  project.services["db"].image = "<&>";
  const std::string svg = graph_svg(graph_of(project, all, {.images = true}));
  EXPECT_TRUE(svg.starts_with("<svg xmlns="));
  EXPECT_NE(svg.find("&lt;&amp;&gt;"), std::string::npos);
  EXPECT_LT(svg.find(">proxy<"), svg.size());
}

}  // namespace
}  // namespace stack::cli
