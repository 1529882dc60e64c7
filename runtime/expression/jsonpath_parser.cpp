#include "runtime/expression/jsonpath_functions.hpp"
#include "runtime/expression/jsonpath_query.hpp"
#include "runtime/expression/jsonpath_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::jsonpath_syntax {

namespace {

constexpr int depth_limit = 64;

// Recursive descent over RFC 9535's grammar. A function that fails returns false after noting the fault; the caller
// passes that on at once.
class parser {
public:
  explicit parser(std::string_view text) : in_{text} {}

  bool run(parsed& out) {
    if (!in_.take('$'))
      return in_.reject("expected '$', with which every query begins");
    roots_.push_back(0);
    if (!segments(out.root, 0))
      return false;
    if (!in_.at_end())
      return in_.reject("expected '.', '..' or '['");
    out.roots = std::move(roots_);
    return true;
  }

  const text_cursor& cursor() const {
    return in_;
  }

private:
  bool segments(query& out, int depth) {
    for (;;) {
      const auto before = in_.position();
      in_.skip_space();
      if (!in_.at('.') && !in_.at('[')) {
        in_.rewind(before);
        return true;
      }
      segment next;
      if (!one_segment(next, depth))
        return false;
      out.segments.push_back(std::move(next));
    }
  }

  bool one_segment(segment& out, int depth) {
    if (in_.at('['))
      return bracketed(out, depth);
    in_.take('.');
    if (in_.take('.')) {
      out.descendant = true;
      if (in_.at('['))
        return bracketed(out, depth);
    }
    if (in_.take('*')) {
      out.selectors.push_back(wildcard_selector{});
      return true;
    }
    name_selector name;
    if (!in_.shorthand_name(name.name))
      return in_.reject("expected a member name, '*' or '['; other names need brackets and quotes: ['a name']");
    out.selectors.push_back(std::move(name));
    return true;
  }

  bool bracketed(segment& out, int depth) {
    in_.take('[');
    do {
      in_.skip_space();
      if (!one_selector(out, depth))
        return false;
      in_.skip_space();
    } while (in_.take(','));
    return in_.take(']') || in_.reject("expected ',' or ']'");
  }

  bool one_selector(segment& out, int depth) {
    if (in_.at('\'') || in_.at('"')) {
      name_selector name;
      if (!in_.quoted(name.name))
        return false;
      out.selectors.push_back(std::move(name));
      return true;
    }
    if (in_.take('*')) {
      out.selectors.push_back(wildcard_selector{});
      return true;
    }
    if (in_.take('?')) {
      in_.skip_space();
      auto condition = std::make_shared<logical>();
      if (!any_of(*condition, depth + 1))
        return false;
      out.selectors.push_back(filter_selector{std::move(condition)});
      return true;
    }
    if (in_.at_number() || in_.at(':'))
      return index_or_slice(out);
    return in_.reject("expected a quoted name, an index, a slice, '*' or '?'");
  }

  bool index_or_slice(segment& out) {
    std::optional<int64_t> first;
    if (!optional_integer(first))
      return false;
    const auto after = in_.position();
    in_.skip_space();
    if (!in_.take(':')) {
      in_.rewind(after);
      out.selectors.push_back(index_selector{*first});
      return true;
    }
    slice_selector slice{first, {}, 1};
    in_.skip_space();
    if (!optional_integer(slice.end))
      return false;
    in_.skip_space();
    if (in_.take(':')) {
      in_.skip_space();
      std::optional<int64_t> step;
      if (!optional_integer(step))
        return false;
      slice.step = step.value_or(1);
    }
    out.selectors.push_back(slice);
    return true;
  }

  bool optional_integer(std::optional<int64_t>& out) {
    if (!in_.at_number())
      return true;
    int64_t number = 0;
    if (!in_.integer(number))
      return false;
    out = number;
    return true;
  }

  bool any_of(logical& out, int depth) {
    return chain<logical::any_of>(out, "||", [&](logical& x) { return all_of(x, depth); });
  }

  bool all_of(logical& out, int depth) {
    return chain<logical::all_of>(out, "&&", [&](logical& x) { return basic(x, depth); });
  }

  template <class Kind, class Term>
  bool chain(logical& out, std::string_view separator, Term term) {
    if (!term(out))
      return false;
    Kind all;
    for (;;) {
      const auto before = in_.position();
      in_.skip_space();
      if (!in_.take(separator)) {
        in_.rewind(before);
        break;
      }
      in_.skip_space();
      logical next;
      if (!term(next))
        return false;
      all.terms.push_back(std::move(next));
    }
    if (!all.terms.empty()) {
      all.terms.insert(all.terms.begin(), std::move(out));
      out.what = std::move(all);
    }
    return true;
  }

  bool basic(logical& out, int depth) {
    if (depth > depth_limit)
      return in_.reject("nested deeper than 64 levels");
    bool negated = false;
    if (in_.at('!')) {
      in_.take('!');
      in_.skip_space();
      negated = true;
    }
    if (in_.take('(')) {
      in_.skip_space();
      if (!any_of(out, depth + 1))
        return false;
      in_.skip_space();
      if (!in_.take(')'))
        return in_.reject("expected ')', '&&', '||' or a comparison");
    } else if (!test_or_comparison(out, depth, negated)) {
      return false;
    }
    if (negated) {
      logical::none_of none;
      none.terms.push_back(std::move(out));
      out.what = std::move(none);
    }
    return true;
  }

  bool test_or_comparison(logical& out, int depth, bool negated) {
    const auto begin = in_.position();
    operand left;
    if (!one_operand(left, depth))
      return false;
    const auto end = in_.position();
    in_.skip_space();
    comparison::op how{};
    if (!comparison_operator(how)) {
      in_.rewind(end);
      return test(std::move(left), out, begin);
    }
    if (negated)
      return in_.reject_at(begin, "put a negated comparison in parentheses: !(…)");
    comparison both{how, {}, {}};
    if (!comparable(left, begin))
      return false;
    both.left = std::move(left);
    in_.skip_space();
    const auto begin_right = in_.position();
    if (!one_operand(both.right, depth) || !comparable(both.right, begin_right))
      return false;
    out.what = std::move(both);
    return true;
  }

  bool comparison_operator(comparison::op& out) {
    using op = comparison::op;
    static constexpr std::array<std::pair<std::string_view, op>, 6> all{{{"==", op::equal},
                                                                         {"!=", op::not_equal},
                                                                         {"<=", op::less_or_equal},
                                                                         {">=", op::greater_or_equal},
                                                                         {"<", op::less},
                                                                         {">", op::greater}}};
    for (const auto& [text, how] : all) {
      if (in_.take(text)) {
        out = how;
        return true;
      }
    }
    return false;
  }

  bool test(operand what, logical& out, size_t begin) {
    if (auto* path = std::get_if<query>(&what.what)) {
      out.what = std::move(*path);
      return true;
    }
    if (auto* function_call = std::get_if<call>(&what.what)) {
      if (returned_by(*function_call) != type::logical)
        return in_.reject_at(begin, "the function yields a value; compare it with something");
      out.what = std::move(*function_call);
      return true;
    }
    return in_.reject_at(begin, "a literal is no condition; compare it with something");
  }

  bool comparable(const operand& what, size_t begin) {
    if (auto* path = std::get_if<query>(&what.what); path && !path->singular())
      return in_.reject_at(begin, "only a query of names and indices can be compared; this one may select many values");
    if (auto* function_call = std::get_if<call>(&what.what);
        function_call && returned_by(*function_call) != type::value)
      return in_.reject_at(begin, "the function yields no value that could be compared");
    return true;
  }

  bool one_operand(operand& out, int depth) {
    if (in_.at('@') || in_.at('$')) {
      query path;
      path.relative = in_.at('@');
      if (!path.relative)
        roots_.push_back(in_.position());
      in_.take(in_.at('@') ? '@' : '$');
      if (!segments(path, depth))
        return false;
      out.what = std::move(path);
      return true;
    }
    if (in_.at('\'') || in_.at('"')) {
      std::string text;
      if (!in_.quoted(text))
        return false;
      out.what = json(std::move(text));
      return true;
    }
    if (in_.at_number()) {
      json number;
      if (!in_.number(number))
        return false;
      out.what = std::move(number);
      return true;
    }
    return word(out, depth);
  }

  bool word(operand& out, int depth) {
    const auto begin = in_.position();
    const auto name = in_.lower_case_word();
    if (in_.at('('))
      return function_call(name, begin, out, depth);
    if (name == "true" || name == "false")
      out.what = json(name == "true");
    else if (name == "null")
      out.what = json(nullptr);
    else
      return in_.reject_at(begin, "expected '@', '$', a literal (strings are quoted) or a function");
    return true;
  }

  bool function_call(std::string_view name, size_t begin, operand& out, int depth) {
    const auto& all = signatures();
    auto known = std::find_if(all.begin(), all.end(), [&](const auto& x) { return x.name == name; });
    if (known == all.end())
      return in_.reject_at(begin, "no such function; there are length, count, match, search and value");
    if (depth > depth_limit)
      return in_.reject("nested deeper than 64 levels");
    call made;
    made.what = known->what;
    in_.take('(');
    for (size_t i = 0; i < known->parameters.size(); ++i) {
      in_.skip_space();
      if (i > 0 && !in_.take(','))
        return in_.reject("expected ',': the function takes two arguments");
      in_.skip_space();
      if (!argument(known->parameters[i], made, depth))
        return false;
    }
    in_.skip_space();
    if (!in_.take(')'))
      return in_.reject("expected ')' after the last argument");
    if (known->parameters.size() == 2)
      compile_pattern(made);
    out.what = std::move(made);
    return true;
  }

  bool argument(type wanted, call& out, int depth) {
    const auto begin = in_.position();
    operand what;
    if (!one_operand(what, depth + 1))
      return false;
    if (wanted == type::nodes && !std::holds_alternative<query>(what.what))
      return in_.reject_at(begin, "the function takes a query, such as @.x[*]");
    if (wanted == type::value && !comparable(what, begin))
      return false;
    out.arguments.push_back(std::move(what));
    return true;
  }

  static void compile_pattern(call& out) {
    auto* literal = std::get_if<json>(&out.arguments[1].what);
    if (!literal || !literal->is_string())
      return;
    out.literal_pattern = true;
    if (auto compiled = i_regexp::compile(literal->get_ref<const std::string&>()))
      out.pattern = std::make_shared<const i_regexp>(std::move(*compiled));
  }

  text_cursor in_;
  std::vector<size_t> roots_;
};

} // namespace

bool query::singular() const {
  return std::all_of(segments.begin(), segments.end(), [](const segment& x) {
    return !x.descendant && x.selectors.size() == 1
           && (std::holds_alternative<name_selector>(x.selectors.front())
               || std::holds_alternative<index_selector>(x.selectors.front()));
  });
}

result<parsed> parse(std::string_view text, size_t limit) {
  if (text.size() > limit)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "the query is longer than " + std::to_string(limit) + " bytes");
  if (!utf8::valid(text))
    return fail(v1::ERROR_CODE_INVALID_INPUT, "the query is no UTF-8 text");
  parsed out;
  parser reader{text};
  if (!reader.run(out))
    return fail(v1::ERROR_CODE_INVALID_INPUT, reader.cursor().fault());
  return out;
}

} // namespace troupe::jsonpath_syntax
