// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "base/text.h"
#include "network/dns.h"

namespace stack::network {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line.substr(0, line.find_first_of("#;")));
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

// resolv.conf(5): nameservers and options add up; of search and domain lines the last one counts.
ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  for (const std::string& line : split(text, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 2) continue;
    const auto values = words.begin() + 1;
    if (words[0] == "nameserver") {
      conf.nameservers.push_back(*values);
    } else if (words[0] == "search" || words[0] == "domain") {
      conf.search.assign(values, words.end());
    } else if (words[0] == "options") {
      conf.options.insert(conf.options.end(), values, words.end());
    }
  }
  return conf;
}

}  // namespace stack::network
