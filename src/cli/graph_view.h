// SPDX-License-Identifier: Apache-2.0
// What depends on what in a stack file, as a graph and as texts of it. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "spec/model.h"

namespace stack::cli {

struct GraphNode {
  enum class Kind { service, network, volume } kind = Kind::service;
  std::string name;
  std::vector<std::string> notes;  ///< image, ports
  bool operator==(const GraphNode&) const = default;
};

/// `from` needs `to`; both are indices of nodes.
struct GraphEdge {
  std::size_t from = 0;
  std::size_t to = 0;
  std::string label;  ///< "healthy", "completed", "optional"; empty: it must have started
  bool operator==(const GraphEdge&) const = default;
};

struct Graph {
  std::string project;
  std::vector<GraphNode> nodes;  ///< services first, each kind by name
  std::vector<GraphEdge> edges;
};

struct GraphParts {
  bool images = false;
  bool ports = false;
  bool networks = false;
  bool volumes = false;
};

Graph graph_of(const spec::Project& project, const std::set<std::string>& services,
               const GraphParts& parts);

/// Indented, beginning with what nothing depends on; what was shown before is not gone into again.
std::string graph_tree(const Graph& graph);
std::string graph_dot(const Graph& graph);
std::string graph_mermaid(const Graph& graph);
std::string graph_json(const Graph& graph);
/// A picture that needs no other program: what is needed stands below what needs it.
std::string graph_svg(const Graph& graph);

}  // namespace stack::cli
