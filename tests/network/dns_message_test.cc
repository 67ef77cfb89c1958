// SPDX-License-Identifier: Apache-2.0
#include "network/dns_message.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/format.h"
#include "dns_messages.h"

namespace stack::network {
namespace {

/// What is read of a query: "id 4711 rd web A"; options as "size 4096 version 0".
std::string read_back(const std::string& message) {
  const auto query = read_query(message);
  if (!query) return "refused";
  std::string text =
      fmt::format("id {:x} opcode {}{} name of {} type {} class {}", query->id, query->opcode,
                  query->recursion_desired ? " rd" : "", query->name().size(),
                  static_cast<int>(query->type()), query->rr_class());
  if (query->options)
    text += fmt::format(" size {} version {}{}", query->options->udp_size, query->options->version,
                        query->options->security_ok ? " do" : "");
  return text;
}

TEST(DnsMessage, AQueryIsReadWithItsOptions) {
  EXPECT_EQ(read_back(ask("web", LDNS_RR_TYPE_A)), "id 4711 opcode 0 rd name of 5 type 1 class 1");
  EXPECT_EQ(read_back(ask("a.b", LDNS_RR_TYPE_AAAA, Edns::offers_4096)),
            "id 4711 opcode 0 rd name of 5 type 28 class 1 size 4096 version 0");
}

/// An A record of "web", as an answer would have it.
const std::string record("\3web\0\0\1\0\1\0\0\0\5\0\4\1\2\3\4", 19);
const std::string options("\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11);

/// A query for "web" with so many records in the sections behind the question, and these bytes.
std::string ask_with(int answers, int authorities, int others, const std::string& bytes) {
  std::string query = ask("web", LDNS_RR_TYPE_A);
  query[7] = static_cast<char>(answers);
  query[9] = static_cast<char>(authorities);
  query[11] = static_cast<char>(others);
  return query + bytes;
}

TEST(DnsMessage, OptionsAreFoundBehindOtherRecords) {
  EXPECT_EQ(read_back(ask_with(1, 1, 2, record + record + record + options)),
            "id 4711 opcode 0 rd name of 5 type 1 class 1 size 1232 version 0 do");
}

TEST(DnsMessage, OptionsAreNoneInAnotherSection) {
  EXPECT_EQ(read_back(ask_with(1, 0, 0, options)), "id 4711 opcode 0 rd name of 5 type 1 class 1");
  EXPECT_EQ(read_back(ask_with(0, 1, 0, options)), "id 4711 opcode 0 rd name of 5 type 1 class 1");
}

TEST(DnsMessage, ARecordThatIsCutShortIsRefusedWhereverItEnds) {
  for (std::size_t size = 0; size < record.size() + options.size(); ++size)
    EXPECT_EQ(read_back(ask_with(1, 0, 1, (record + options).substr(0, size))), "refused") << size;
}

TEST(DnsMessage, OneQuestionIsRead) {
  auto query = ask("web", LDNS_RR_TYPE_A);
  query[5] = 0;
  EXPECT_EQ(read_back(query), "refused");
  query[5] = 2;
  EXPECT_EQ(read_back(query), "refused");
}

TEST(DnsMessage, NamesAreWrittenAsLdnsWritesThem) {
  EXPECT_TRUE(rc::check("names of letters and dots", [] {
    const auto name = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab-_1.")));
    ldns_rdf* theirs = name.empty() ? nullptr : ldns_dname_new_frm_str((name + ".").c_str());
    const auto ours = wire_name(name);
    RC_ASSERT(ours.has_value() == (theirs != nullptr && name != "."));
    if (theirs == nullptr) return;
    const std::string wire(reinterpret_cast<const char*>(ldns_rdf_data(theirs)),
                           ldns_rdf_size(theirs));
    ldns_rdf_deep_free(theirs);
    RC_ASSERT(!ours || *ours == wire);
  }));
}

TEST(DnsMessage, NamesThatNoMessageCanHoldAreNotWritten) {
  const std::string longest(63, 'x');
  EXPECT_TRUE(wire_name(longest));
  EXPECT_FALSE(wire_name(longest + "x"));
  EXPECT_FALSE(wire_name("web..shop"));
  EXPECT_FALSE(wire_name(""));
  const std::string four = longest + "." + longest + "." + longest + "." + longest.substr(2);
  EXPECT_EQ(wire_name(four)->size(), 255U);
  EXPECT_FALSE(wire_name(four + "x"));
}

TEST(DnsMessage, ARecordThatDoesNotFitAndWhatFollowsAreLeftOut) {
  const std::string message = ask("web", LDNS_RR_TYPE_ANY);
  const auto query = read_query(message);
  const DnsReply reply{.answers = {{DnsType::a, "\1\2\3\4"},
                                   {DnsType::aaaa, "0123456789abcdef"},
                                   {DnsType::a, "\1\2\3\5"}}};
  const auto lines_within = [&](std::size_t limit) {
    return describe(write_reply(*query, reply, 5, 4096, limit));
  };
  EXPECT_EQ(lines_within(message.size() + 16 + 28),
            "NOERROR qr aa tc rd ra\n"
            "web. 5 IN A 1.2.3.4\n"
            "web. 5 IN AAAA 3031:3233:3435:3637:"
            "3839:6162:6364:6566");
  EXPECT_EQ(lines_within(message.size() + 16 + 27), "NOERROR qr aa tc rd ra\nweb. 5 IN A 1.2.3.4");
  EXPECT_EQ(lines_within(0), "NOERROR qr aa tc rd ra");
}

}  // namespace
}  // namespace stack::network
