// SPDX-License-Identifier: Apache-2.0
// stack image pull, push; stack login, logout.
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "base/error.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/image_use.h"
#include "image/reference.h"
#include "registry/pull.h"
#include "registry/push.h"

namespace stack::cli {
namespace {

const char* words_of(registry::LayerState state) {
  switch (state) {
    case registry::LayerState::exists:
      return "Already exists";
    case registry::LayerState::fetching:
      return "Pulling fs layer";
    case registry::LayerState::complete:
      return "Pull complete";
  }
  return "";
}

const char* words_of(registry::PushState state) {
  switch (state) {
    case registry::PushState::exists:
      return "Layer already exists";
    case registry::PushState::mounted:
      return "Mounted from another repository";
    case registry::PushState::pushed:
      return "Pushed";
  }
  return "";
}

void pull_one(const std::string& name, const Options& options,
              const registry::Surroundings& surroundings) {
  auto store = open_store();
  registry::PullRequest request{.name = name};
  if (!options.platform.empty()) request.platform = image::parse_platform(options.platform);
  const auto reference = image::parse_reference(name);
  if (!options.quiet) {
    if (reference.digest.empty() && name.rfind(':') == std::string::npos)
      std::cout << "Using default tag: latest\n";
    std::cout << (reference.digest.empty() ? reference.tag : reference.digest) << ": Pulling from "
              << reference.repository << '\n';
    request.on_layer = [](const image::BlobRef& layer, registry::LayerState state) {
      std::cout << short_id(layer.digest) << ": " << words_of(state) << std::endl;
    };
  }
  const auto pulled = registry::pull_image(store, request, surroundings);
  if (!options.quiet) {
    std::cout << "Digest: " << pulled.digest << '\n'
              << (pulled.is_new ? "Status: Downloaded newer image for "
                                : "Status: Image is up to date for ")
              << image::familiar(reference) << '\n';
  }
  std::cout << pulled.name << '\n';
}

void push_one(const std::string& name, const Options& options,
              const registry::Surroundings& surroundings) {
  auto store = open_store();
  const auto reference = image::parse_reference(name);
  registry::PushRequest request{.name = name};
  if (!options.quiet) {
    std::cout << "The push refers to repository [" << reference.registry << '/'
              << reference.repository << "]\n";
    request.on_layer = [](const std::string& diff_id, registry::PushState state) {
      std::cout << short_id(diff_id) << ": " << words_of(state) << std::endl;
    };
  }
  const auto pushed = registry::push_image(store, request, surroundings);
  if (options.quiet) {
    std::cout << image::canonical(reference) << '\n';
  } else {
    std::cout << reference.tag << ": digest: " << pushed.digest << " size: " << pushed.size << '\n';
  }
}

/// Names of the store's images in the repository of `name`.
std::vector<std::string> names_in_repository(const std::string& name) {
  const auto wanted = image::parse_reference(name);
  std::vector<std::string> names;
  for (const auto& image : open_store().list()) {
    for (const auto& other : image.names) {
      const auto reference = image::parse_reference(other);
      if (reference.registry == wanted.registry && reference.repository == wanted.repository)
        names.push_back(other);
    }
  }
  if (names.empty()) fail("no image is called {}", printable(name));
  return names;
}

void check_untagged(const std::string& name) {
  const auto reference = image::parse_reference(name);
  if (!reference.digest.empty() || image::familiar(reference) == name)
    throw Error("--all-tags takes a name without a tag").with_exit_code(ExitCode::usage);
}

/// Without an echo while it is typed.
std::string ask_password() {
  struct termios before {};
  ::tcgetattr(STDIN_FILENO, &before);
  struct termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  std::cerr << "Password: " << std::flush;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string password;
  std::getline(std::cin, password);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::cerr << '\n';
  return password;
}

std::string read_password() {
  std::string password = read_all(STDIN_FILENO, 1 << 20);
  while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  return password;
}

registry::Credentials credentials_of(const Options& options) {
  const auto usage = [](const char* text) { return Error(text).with_exit_code(ExitCode::usage); };
  if (options.password_stdin && !options.password.empty())
    throw usage("--password and --password-stdin are mutually exclusive");
  if (options.password_stdin && options.user.empty())
    throw usage("--password-stdin needs --username");
  registry::Credentials credentials{options.user, options.password, ""};
  if (options.password_stdin) credentials.password = read_password();
  const bool is_complete = !credentials.user.empty() && !credentials.password.empty();
  if (!is_complete && ::isatty(STDIN_FILENO) == 0)
    throw usage("a name and a password are needed: --username and --password-stdin");
  if (credentials.user.empty()) {
    std::cerr << "Username: " << std::flush;
    std::getline(std::cin, credentials.user);
  }
  if (credentials.password.empty()) credentials.password = ask_password();
  return credentials;
}

std::string registry_of(const Options& options) {
  if (options.arguments.size() > 1)
    throw Error("one registry at a time").with_exit_code(ExitCode::usage);
  return registry::registry_name(options.arguments.empty() ? "" : options.arguments.front());
}

}  // namespace

int run_image_pull(const Options& options) {
  const auto surroundings = registry::surroundings_from_environment();
  const std::string& name = options.arguments.front();
  if (!options.all_tags) {
    pull_one(name, options, surroundings);
    return 0;
  }
  check_untagged(name);
  for (const auto& tag : registry::list_tags(name, surroundings))
    pull_one(fmt::format("{}:{}", name, tag), options, surroundings);
  return 0;
}

int run_image_push(const Options& options) {
  const auto surroundings = registry::surroundings_from_environment();
  const std::string& name = options.arguments.front();
  if (!options.all_tags) {
    push_one(name, options, surroundings);
    return 0;
  }
  check_untagged(name);
  for (const auto& each : names_in_repository(name)) push_one(each, options, surroundings);
  return 0;
}

int run_login(const Options& options) {
  const auto surroundings = registry::surroundings_from_environment();
  const std::string registry = registry_of(options);
  if (!options.password.empty())
    std::cerr
        << "warning: --password can be read by others on this machine; use --password-stdin\n";
  // Before: what is written is nobody else's to read.
  if (const auto warning = surroundings.credentials.warning(); !warning.empty())
    std::cerr << "warning: " << warning << '\n';
  registry::log_in(registry, credentials_of(options), surroundings);
  std::cout << "Login Succeeded\n";
  return 0;
}

int run_logout(const Options& options) {
  const std::string registry = registry_of(options);
  const bool was_there = registry::CredentialStore::from_environment().forget(registry);
  std::cout << (was_there ? "Removing login credentials for " : "Not logged in to ") << registry
            << '\n';
  return 0;
}

}  // namespace stack::cli
