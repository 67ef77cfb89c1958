// SPDX-License-Identifier: Apache-2.0
#include "cli/graph_view.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/text.h"
#include "orchestrator/plan.h"

namespace stack::cli {
namespace {

std::string edge_label(const spec::Dependency& dependency) {
  std::vector<std::string> words;
  if (dependency.condition != spec::Condition::service_started)
    words.emplace_back(orchestrator::condition_text(dependency.condition));
  if (!dependency.required) words.emplace_back("optional");
  return join(words, ", ");
}

std::string port_text(const spec::Port& port) {
  std::string text = port.host_ip.empty() ? "" : port.host_ip + ":";
  if (port.published) text += fmt::format("{}", *port.published);
  if (is_range(port)) text += fmt::format("-{}", *port.published_last);
  text += fmt::format("{}{}", port.published ? ":" : "", port.target);
  return port.protocol == "tcp" ? text : text + "/" + port.protocol;
}

class Builder {
 public:
  Builder(const spec::Project& project, const std::set<std::string>& services,
          const GraphParts& parts)
      : project_(project), services_(services), parts_(parts) {
    graph_.project = project.name;
  }

  Graph build() {
    for (const auto& name : services_) add(GraphNode::Kind::service, name, notes_of(service(name)));
    if (parts_.networks) add_all(GraphNode::Kind::network, project_.networks);
    if (parts_.volumes) add_all(GraphNode::Kind::volume, project_.volumes);
    for (const auto& name : services_) connect(name);
    return std::move(graph_);
  }

 private:
  const spec::Service& service(const std::string& name) const { return project_.services.at(name); }

  void add(GraphNode::Kind kind, const std::string& name, std::vector<std::string> notes) {
    places_[{kind, name}] = graph_.nodes.size();
    graph_.nodes.push_back({kind, name, std::move(notes)});
  }

  template <typename Map>
  void add_all(GraphNode::Kind kind, const Map& map) {
    for (const auto& [name, value] : map) add(kind, name, {});
  }

  std::vector<std::string> notes_of(const spec::Service& service) const {
    std::vector<std::string> notes;
    if (parts_.images && !service.image.empty()) notes.push_back(service.image);
    if (parts_.ports)
      for (const auto& port : service.ports) notes.push_back(port_text(port));
    return notes;
  }

  void connect(const std::string& name) {
    for (const auto& [needed, how] : service(name).depends_on)
      edge(name, GraphNode::Kind::service, needed, edge_label(how));
    for (const auto& [network, attachment] : service(name).networks)
      edge(name, GraphNode::Kind::network, network, "");
    for (const auto& mount : service(name).volumes)
      if (mount.type == spec::MountType::volume)
        edge(name, GraphNode::Kind::volume, mount.source,
             mount.access == spec::Access::read_only ? "ro" : "");
  }

  void edge(const std::string& from, GraphNode::Kind kind, const std::string& to,
            std::string label) {
    const auto target = places_.find({kind, to});
    if (target == places_.end()) return;
    graph_.edges.push_back(
        {places_.at({GraphNode::Kind::service, from}), target->second, std::move(label)});
  }

  const spec::Project& project_;
  const std::set<std::string>& services_;
  const GraphParts& parts_;
  Graph graph_;
  std::map<std::pair<GraphNode::Kind, std::string>, std::size_t> places_;
};

const char* kind_text(GraphNode::Kind kind) {
  switch (kind) {
    case GraphNode::Kind::service:
      return "service";
    case GraphNode::Kind::network:
      return "network";
    case GraphNode::Kind::volume:
      return "volume";
  }
  return "";
}

std::string title_of(const GraphNode& node) {
  const std::string name = node.kind == GraphNode::Kind::service
                               ? node.name
                               : fmt::format("{} {}", kind_text(node.kind), node.name);
  return node.notes.empty() ? name : fmt::format("{}  {}", name, fmt::join(node.notes, ", "));
}

class Tree {
 public:
  explicit Tree(const Graph& graph) : graph_(graph), shown_(graph.nodes.size()) {}

  std::string text() {
    std::vector<bool> needed(graph_.nodes.size());
    for (const auto& edge : graph_.edges) needed[edge.to] = true;
    for (std::size_t at = 0; at < graph_.nodes.size(); ++at)
      if (!needed[at]) root(at);
    return std::move(text_);
  }

 private:
  void root(std::size_t node) {
    text_ += title_of(graph_.nodes[node]) + "\n";
    below(node, "");
  }

  void below(std::size_t node, const std::string& indent) {
    std::vector<const GraphEdge*> edges;
    for (const auto& edge : graph_.edges)
      if (edge.from == node) edges.push_back(&edge);
    if (shown_[node] && !edges.empty()) {
      text_ += indent + "└─ ... as above\n";
      return;
    }
    shown_[node] = true;
    for (const auto* edge : edges) {
      const bool last = edge == edges.back();
      text_ += fmt::format("{}{} {}", indent, last ? "└─" : "├─", title_of(graph_.nodes[edge->to]));
      text_ += edge->label.empty() ? "\n" : fmt::format(" ({})\n", edge->label);
      below(edge->to, indent + (last ? "   " : "│  "));
    }
  }

  const Graph& graph_;
  std::vector<bool> shown_;
  std::string text_;
};

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    switch (letter) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += letter;
    }
  }
  return safe;
}

/// Boxes in rows: what is needed one row or more below what needs it.
class Picture {
 public:
  explicit Picture(const Graph& graph) : graph_(graph), boxes_(graph.nodes.size()) { lay_out(); }

  std::string text() const {
    std::string body;
    for (const auto& edge : graph_.edges) body += arrow(edge);
    for (std::size_t at = 0; at < boxes_.size(); ++at) body += box(at);
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"13\">\n"
        "<title>{2}</title>\n"
        "<defs><marker id=\"tip\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" "
        "orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" fill=\"#555\"/></marker></defs>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{3}</svg>\n",
        width_, height_, escaped(graph_.project), body);
  }

 private:
  static constexpr int gap = 30, row_gap = 60, line = 17, padding = 10, letter = 8;
  struct Box {
    int row = 0, x = 0, y = 0, width = 0, height = 0;
  };

  void lay_out() {
    sink_rows();
    std::map<int, std::vector<std::size_t>> rows;
    for (std::size_t at = 0; at < boxes_.size(); ++at) rows[boxes_[at].row].push_back(at);
    int y = gap;
    for (const auto& [row, members] : rows) y = place_row(members, y) + row_gap;
    height_ = std::max(y - row_gap, 0) + gap;
    for (const auto& [row, members] : rows) centre(members);
  }

  /// The files have no cycles, so this comes to rest.
  void sink_rows() {
    for (std::size_t round = 0; round < boxes_.size(); ++round)
      for (const auto& edge : graph_.edges)
        boxes_[edge.to].row = std::max(boxes_[edge.to].row, boxes_[edge.from].row + 1);
  }

  int place_row(const std::vector<std::size_t>& members, int y) {
    int x = gap, height = 0;
    for (const std::size_t at : members) {
      Box& box = boxes_[at];
      const GraphNode& node = graph_.nodes[at];
      std::size_t longest = node.name.size();
      for (const auto& note : node.notes) longest = std::max(longest, note.size());
      box.width = static_cast<int>(longest) * letter + 2 * padding;
      box.height = static_cast<int>(1 + node.notes.size()) * line + padding;
      box.x = x;
      box.y = y;
      x += box.width + gap;
      height = std::max(height, box.height);
    }
    width_ = std::max(width_, x);
    return y + height;
  }

  void centre(const std::vector<std::size_t>& members) {
    const Box& last = boxes_[members.back()];
    const int shift = (width_ - (last.x + last.width + gap)) / 2;
    for (const std::size_t at : members) boxes_[at].x += shift;
  }

  std::string arrow(const GraphEdge& edge) const {
    const Box& from = boxes_[edge.from];
    const Box& to = boxes_[edge.to];
    const int x1 = from.x + from.width / 2, y1 = from.y + from.height;
    const int x2 = to.x + to.width / 2, y2 = to.y - 2;
    std::string text = fmt::format(
        "<path d=\"M{0},{1} C{0},{4} {2},{5} {2},{3}\" fill=\"none\" stroke=\"#555\" "
        "marker-end=\"url(#tip)\"/>\n",
        x1, y1, x2, y2, y1 + row_gap / 2, y2 - row_gap / 2);
    if (!edge.label.empty())
      text += fmt::format("<text x=\"{}\" y=\"{}\" fill=\"#777\" font-size=\"11\">{}</text>\n",
                          (x1 + x2) / 2 + 4, (y1 + y2) / 2, escaped(edge.label));
    return text;
  }

  std::string box(std::size_t at) const {
    const GraphNode& node = graph_.nodes[at];
    const Box& it = boxes_[at];
    static constexpr const char* fills[] = {"#e8f1fb", "#e9f7ec", "#fdf3e1"};
    std::string text = fmt::format(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{}\" "
        "stroke=\"#456\"/>\n",
        it.x, it.y, it.width, it.height, node.kind == GraphNode::Kind::service ? 4 : 12,
        fills[static_cast<int>(node.kind)]);
    int y = it.y + line;
    const auto add_line = [&](const std::string& words, const char* style) {
      text += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\"{}>{}</text>\n",
                          it.x + it.width / 2, y, style, escaped(words));
      y += line;
    };
    add_line(node.name, " font-weight=\"bold\"");
    for (const auto& note : node.notes) add_line(note, " fill=\"#456\"");
    return text;
  }

  const Graph& graph_;
  std::vector<Box> boxes_;
  int width_ = 2 * gap;
  int height_ = 0;
};

}  // namespace

Graph graph_of(const spec::Project& project, const std::set<std::string>& services,
               const GraphParts& parts) {
  return Builder(project, services, parts).build();
}

std::string graph_tree(const Graph& graph) {
  return Tree(graph).text();
}

std::string graph_dot(const Graph& graph) {
  static constexpr const char* shapes[] = {"box", "ellipse", "cylinder"};
  std::string text = fmt::format("digraph {} {{\n  node [fontname=\"sans-serif\"];\n",
                                 stack::quoted(graph.project));
  for (std::size_t at = 0; at < graph.nodes.size(); ++at) {
    const GraphNode& node = graph.nodes[at];
    std::vector<std::string> lines{node.name};
    lines.insert(lines.end(), node.notes.begin(), node.notes.end());
    text += fmt::format("  n{} [label={}, shape={}];\n", at, stack::quoted(join(lines, "\n")),
                        shapes[static_cast<int>(node.kind)]);
  }
  for (const auto& edge : graph.edges) {
    text += fmt::format("  n{} -> n{}", edge.from, edge.to);
    text += edge.label.empty() ? ";\n" : fmt::format(" [label={}];\n", stack::quoted(edge.label));
  }
  return text + "}\n";
}

std::string graph_mermaid(const Graph& graph) {
  static constexpr std::pair<const char*, const char*> brackets[] = {
      {"[", "]"}, {"([", "])"}, {"[(", ")]"}};
  std::string text = "flowchart TD\n";
  for (std::size_t at = 0; at < graph.nodes.size(); ++at) {
    const GraphNode& node = graph.nodes[at];
    std::vector<std::string> lines{escaped(node.name)};
    for (const auto& note : node.notes) lines.push_back(escaped(note));
    const auto& [open, close] = brackets[static_cast<int>(node.kind)];
    text += fmt::format("  n{}{}\"{}\"{}\n", at, open, join(lines, "<br/>"), close);
  }
  for (const auto& edge : graph.edges) {
    const std::string label = edge.label.empty() ? "" : fmt::format("|{}|", edge.label);
    text += fmt::format("  n{} -->{} n{}\n", edge.from, label, edge.to);
  }
  return text;
}

std::string graph_json(const Graph& graph) {
  using Json = nlohmann::ordered_json;
  Json json{{"project", graph.project}, {"nodes", Json::array()}, {"edges", Json::array()}};
  for (const auto& node : graph.nodes)
    json["nodes"].push_back(
        {{"kind", kind_text(node.kind)}, {"name", node.name}, {"notes", node.notes}});
  for (const auto& edge : graph.edges)
    json["edges"].push_back({{"from", graph.nodes[edge.from].name},
                             {"to", graph.nodes[edge.to].name},
                             {"kind", kind_text(graph.nodes[edge.to].kind)},
                             {"label", edge.label}});
  return json.dump(2) + "\n";
}

std::string graph_svg(const Graph& graph) {
  return Picture(graph).text();
}

}  // namespace stack::cli
