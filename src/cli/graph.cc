// SPDX-License-Identifier: Apache-2.0
// stack graph: what depends on what.
#include "cli/command.h"
#include "cli/graph_view.h"
#include "cli/output.h"
#include "cli/project.h"
#include "orchestrator/desired.h"

namespace stack::cli {
namespace {

std::string drawn(const Graph& graph, const std::string& format) {
  if (format.empty() || format == "tree") return graph_tree(graph);
  if (format == "dot") return graph_dot(graph);
  if (format == "mermaid") return graph_mermaid(graph);
  if (format == "json") return graph_json(graph);
  if (format == "svg") return graph_svg(graph);
  throw unknown_format(format, "tree, dot, mermaid, json or svg");
}

}  // namespace

int run_graph(const Options& options) {
  const spec::Project project = load_without_env_files(options);
  const GraphParts parts{.images = options.list_images,
                         .ports = options.ports,
                         .networks = options.list_networks,
                         .volumes = options.list_volumes};
  const auto services = orchestrator::select_services(project, options.arguments);
  write_output(drawn(graph_of(project, services, parts), options.format), options.output);
  return 0;
}

}  // namespace stack::cli
