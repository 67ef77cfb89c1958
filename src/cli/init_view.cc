// SPDX-License-Identifier: Apache-2.0
#include "cli/init_view.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/text.h"

namespace stack::cli {
namespace {

/// What can be said of a service that is built here.
struct Guess {
  std::string found;
  std::vector<std::string> build;  ///< lines below `build:`
  std::vector<std::string> ports;  ///< container's
};

std::string service_name(const std::string& folder) {
  std::string name;
  for (const char letter : to_lower(folder)) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-' || letter == '_';
    if (plain && (!name.empty() || std::isalnum(static_cast<unsigned char>(letter)) != 0))
      name += letter;
  }
  return name.empty() ? "app" : name;
}

/// The ports that a Dockerfile's EXPOSE lines name.
std::vector<std::string> exposed_ports(const std::string& dockerfile) {
  std::vector<std::string> ports;
  for (const std::string& line : split(dockerfile, '\n')) {
    const std::string_view text = trim(line);
    if (!to_lower(text.substr(0, 7)).starts_with("expose ")) continue;
    for (const std::string& word : split(text.substr(7), ' ')) {
      const std::string port = word.substr(0, word.find('/'));
      if (parse_integer<std::uint16_t>(port)) ports.push_back(word);
    }
  }
  return ports;
}

std::vector<std::string> inline_dockerfile(const std::vector<std::string>& lines) {
  std::vector<std::string> text{"context: .", "dockerfile_inline: |"};
  for (const auto& line : lines) text.push_back(fmt::format("  {}", line));
  return text;
}

Guess guess_of(const FolderFiles& files) {
  const auto has = [&](const char* name) { return files.names.contains(name); };
  if (has("Dockerfile"))
    return {"Dockerfile", {"context: ."}, exposed_ports(files.read("Dockerfile"))};
  if (has("package.json"))
    return {"package.json",
            inline_dockerfile({"FROM node:20", "WORKDIR /app", "COPY package*.json ./",
                               "RUN npm install", "COPY . .", "CMD [\"npm\", \"start\"]"}),
            {"3000"}};
  if (has("requirements.txt"))
    return {"requirements.txt",
            inline_dockerfile(
                {"FROM python:3.12", "WORKDIR /app", "COPY requirements.txt ./",
                 "RUN pip install -r requirements.txt", "COPY . .",
                 has("app.py") ? "CMD [\"python\", \"app.py\"]" : "CMD [\"python\", \"main.py\"]"}),
            {"8000"}};
  if (has("go.mod"))
    return {"go.mod",
            inline_dockerfile({"FROM golang:1.22", "WORKDIR /app", "COPY . .",
                               "RUN go build -o /usr/local/bin/app .", "CMD [\"app\"]"}),
            {"8080"}};
  if (has("Cargo.toml"))
    return {"Cargo.toml",
            inline_dockerfile({"FROM rust:1", "WORKDIR /app", "COPY . .",
                               "RUN cargo install --path . --root /usr/local",
                               "# the name of your program:", "CMD [\"app\"]"}),
            {"8080"}};
  return {};
}

std::string published(const std::string& port) {
  const std::string number = port.substr(0, port.find('/'));
  const auto value = parse_integer<std::uint16_t>(number);
  // Below 1024 the host's own servers live.
  return fmt::format("\"{}:{}\"", value && *value < 1024 ? *value + 8000 : value.value_or(0), port);
}

std::string built_service(const std::string& name, const Guess& guess) {
  std::string text = fmt::format("  {}:\n    build:\n", name);
  for (const auto& line : guess.build) text += fmt::format("      {}\n", line);
  if (!guess.ports.empty()) {
    text += "    ports:  # HOST:CONTAINER\n";
    for (const auto& port : guess.ports) text += fmt::format("      - {}\n", published(port));
  }
  return text;
}

constexpr const char* further =
    "    # environment:\n"
    "    #   DATABASE_URL: postgres://postgres:secret@db/postgres\n"
    "    # depends_on:\n"
    "    #   db: {condition: service_healthy}\n"
    "\n"
    "  # A database, whose data outlives its container:\n"
    "  # db:\n"
    "  #   image: postgres:16\n"
    "  #   environment: {POSTGRES_PASSWORD: secret}\n"
    "  #   volumes: [\"data:/var/lib/postgresql/data\"]\n"
    "  #   healthcheck:\n"
    "  #     test: [CMD, pg_isready, -U, postgres]\n"
    "  #     interval: 2s\n"
    "\n"
    "# volumes:\n"
    "#   data:\n";

constexpr const char* example_service =
    "  web:\n"
    "    image: nginx:1.27\n"
    "    ports:  # HOST:CONTAINER\n"
    "      - \"8080:80\"\n";

}  // namespace

FirstFile first_stack_file(const FolderFiles& files) {
  const Guess guess = guess_of(files);
  std::string text =
      "# `stack up -d` makes what runs equal to this file, `stack plan` shows what that would\n"
      "# change, `stack down` takes it away again.\n"
      "services:\n";
  text += guess.found.empty() ? example_service : built_service(service_name(files.folder), guess);
  return {guess.found, text + further};
}

}  // namespace stack::cli
