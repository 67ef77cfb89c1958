// SPDX-License-Identifier: Apache-2.0
#include "cli/build_outputs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/archive_output.h"
#include "cli/style.h"
#include "image/archive_pipe.h"
#include "image/reference.h"
#include "image/tar_stream.h"
#include "image/unpack_files.h"

namespace stack::cli {
namespace {

using Kind = BuildOutput::Kind;
using Fields = std::map<std::string, std::string>;

constexpr const char* forms =
    "say DIRECTORY, - for a tar archive, or type=local|tar|docker|oci|image|registry with dest=, "
    "name= and push=";

[[noreturn]] void refuse_output(const std::string& text) {
  throw Error(text).with_hint(forms).with_exit_code(ExitCode::usage);
}

Fields output_fields(const std::string& text) {
  Fields fields;
  for (const std::string& part : split(text, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos)
      refuse_output(
          fmt::format("--output {}: \"{}\" has no value", printable(text), printable(part)));
    fields[to_lower(trim(part.substr(0, equals)))] = part.substr(equals + 1);
  }
  return fields;
}

std::string taken(Fields& fields, const char* key) {
  const auto field = fields.extract(key);
  return field.empty() ? "" : field.mapped();
}

bool is_yes(const std::string& text, const std::string& value) {
  if (value == "true" || value == "1") return true;
  if (value.empty() || value == "false" || value == "0") return false;
  refuse_output(fmt::format("--output {}: push is true or false", printable(text)));
}

Kind kind_of(const std::string& text, const std::string& type, const std::string& destination,
             bool push) {
  if (type == "local") return Kind::files;
  if (type == "tar") return Kind::files_archive;
  if (type == "oci" || (type == "docker" && !destination.empty())) return Kind::archive;
  if (type == "docker") return Kind::image;
  if (type == "image") return push ? Kind::pushed_image : Kind::image;
  if (type == "registry") return Kind::pushed_image;
  refuse_output(
      fmt::format("--output {}: there is no type \"{}\"", printable(text), printable(type)));
}

BuildOutput from_fields(const std::string& text, Fields fields) {
  const std::string type = taken(fields, "type"), destination = taken(fields, "dest");
  const bool push = is_yes(text, taken(fields, "push"));
  BuildOutput output{kind_of(text, type, destination, push), destination};
  for (const std::string& name : split(taken(fields, "name"), ','))
    if (!name.empty()) output.names.push_back(image::canonical(image::parse_reference(name)));
  if (!fields.empty())
    refuse_output(fmt::format("--output {}: \"{}\" cannot be kept", printable(text),
                              printable(fields.begin()->first)));
  const bool is_image = output.kind == Kind::image || output.kind == Kind::pushed_image;
  if (is_image && !destination.empty())
    refuse_output(
        fmt::format("--output {}: an image goes to the store, and to no dest", printable(text)));
  if (output.kind == Kind::files && (destination.empty() || destination == "-"))
    refuse_output(fmt::format("--output {}: dest is to be a directory", printable(text)));
  if (destination == "-") output.destination.clear();
  return output;
}

void write_files(const JoinedDirectory& root, const image::TarSink& sink) {
  if (root.empty())
    image::TarWriter(sink).finish();
  else
    image::write_live_tree(root, sink);
}

void write_directory(const JoinedDirectory& root, const std::string& path) {
  make_directories(path, 0755);
  const Fd directory = open_file(path, O_RDONLY | O_DIRECTORY);
  std::vector<std::string> left_out;
  image::through_pipe([&](const image::TarSink& sink) { write_files(root, sink); },
                      [&](int archive) {
                        left_out = image::unpack_files(
                            archive, {.root = directory.get(),
                                      .directory = "",
                                      .ownership = image::Ownership::callers,
                                      .devices = image::ArchivedDevices::leave_out});
                      });
  for (const auto& each : left_out) std::cerr << "left out: " << printable(each) << '\n';
}

}  // namespace

BuildOutput parse_build_output(const std::string& text) {
  if (text == "-") return {Kind::files_archive};
  const bool is_path = text.find(',') == std::string::npos && !text.starts_with("type=");
  if (text.empty()) refuse_output("--output takes a value");
  return is_path ? BuildOutput{Kind::files, text} : from_fields(text, output_fields(text));
}

std::vector<BuildOutput> build_outputs(const Options& options) {
  std::vector<BuildOutput> outputs;
  for (const std::string& text : options.outputs) outputs.push_back(parse_build_output(text));
  if (options.push) outputs.push_back({Kind::pushed_image});
  if (outputs.empty() || options.load) outputs.push_back({Kind::image});
  const auto streams = std::ranges::count_if(outputs, takes_standard_output);
  if (streams > 1) refuse_output("two outputs cannot both go to standard output");
  if (streams == 1 && is_terminal(STDOUT_FILENO))
    refuse_output("an archive is not written to a terminal");
  return outputs;
}

bool wants_image(const BuildOutput& output) {
  return output.kind != Kind::files && output.kind != Kind::files_archive;
}

bool takes_standard_output(const BuildOutput& output) {
  const bool is_archive = output.kind == Kind::archive || output.kind == Kind::files_archive;
  return is_archive && output.destination.empty();
}

void write_built_files(const JoinedDirectory& root, const BuildOutput& output) {
  if (output.kind == Kind::files) return write_directory(root, output.destination);
  write_archive(output.destination, [&](const image::TarSink& sink) { write_files(root, sink); });
}

}  // namespace stack::cli
