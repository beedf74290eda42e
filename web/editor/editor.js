// CodeMirror as the profile editor wants it. Everything it knows about profiles
// comes from the engine: mistakes through `showProblems`, completions through
// `complete`. Loaded when the editor first opens.
import { Annotation, Compartment, EditorState } from "@codemirror/state";
import {
  EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers,
} from "@codemirror/view";
import { StreamLanguage, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { classHighlighter } from "@lezer/highlight";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { lintGutter, nextDiagnostic, previousDiagnostic, setDiagnostics } from "@codemirror/lint";
import {
  autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap,
} from "@codemirror/autocomplete";
import { unifiedMergeView } from "@codemirror/merge";

// Colours only; whether the text is right is the engine's to say.
const toml = StreamLanguage.define({
  name: "toml",
  startState: () => ({ quotes: "", isValue: false, depth: 0 }),
  token(stream, state) {
    if (stream.sol() && !state.quotes && !state.depth) state.isValue = false;
    if (!state.quotes && stream.eatSpace()) return null;
    if (!state.quotes) {
      if (stream.match(/^#.*/)) return "comment";
      if (!state.isValue && !state.depth && stream.match(/^\[.*?\]+/)) return "heading";
      const opened = stream.match(/^("""|'''|"|')/);
      if (opened) state.quotes = opened[0];
    }
    if (state.quotes) {
      const kind = state.isValue ? "string" : "propertyName";
      while (!stream.eol()) {
        if (stream.match(state.quotes)) {
          state.quotes = "";
          return kind;
        }
        if (stream.next() === "\\" && state.quotes[0] === '"') stream.next();
      }
      if (state.quotes.length === 1) state.quotes = "";
      return kind;
    }
    const mark = stream.peek();
    if (state.isValue && /^[[{]$/.test(mark)) state.depth += 1;
    if (state.isValue && /^[\]}]$/.test(mark)) state.depth -= 1;
    if (mark === "=") state.isValue = true;
    if (/[[\]{},=]/.test(mark)) {
      stream.next();
      return "punctuation";
    }
    if (!state.isValue) return stream.match(/^[\w-]+/) ? "propertyName" : (stream.next(), null);
    if (stream.match(/^(true|false)\b/)) return "bool";
    if (stream.match(/^[+-]?(0[xob])?[\d_a-fA-F][\w.:+-]*/)) return "number";
    stream.next();
    return null;
  },
  languageData: { commentTokens: { line: "#" } },
});

// Changes by the page itself are no typing.
const byThePage = Annotation.define();

const offset = (doc, line, column) => {
  const found = doc.line(Math.max(1, Math.min(line, doc.lines)));
  return Math.min(found.from + Math.max(column, 1) - 1, found.to);
};

// What is underlined: from the place that the engine names to the end of what stands there.
const diagnostic = (doc, problem) => {
  const at = offset(doc, problem.line, problem.column);
  const line = doc.lineAt(at);
  const rest = line.text.slice(at - line.from).replace(/\s*(#.*)?$/, "");
  const from = rest ? at : line.from + line.text.search(/\S|$/);
  return {
    from,
    to: rest ? at + rest.length : line.to,
    severity: problem.severity,
    message: [problem.what, problem.fix].filter(Boolean).join("\n"),
  };
};

const asOption = (given) => ({
  label: given.text,
  apply: given.apply,
  detail: given.detail,
  info: given.info || undefined,
  boost: given.is_required ? 1 : 0,
});

const completionsFrom = (complete) => (context) => {
  const line = context.state.doc.lineAt(context.pos);
  if (!context.explicit && !context.matchBefore(/[\w."[-]+/)) return null;
  return new Promise((resolve) => {
    complete(context.state.doc.toString(), line.number, context.pos - line.from + 1, (answer) => {
      const found = JSON.parse(answer);
      if (!found.options.length) return resolve(null);
      resolve({
        from: offset(context.state.doc, line.number, found.column),
        options: found.options.map(asOption),
        validFor: /^[\w.\-"[]*$/,
      });
    });
  });
};

/**
 * Open an editor in an element.
 *
 * @param parent   the element
 * @param label    what a screen reader calls it
 * @param text     what it begins with
 * @param changed  called with the text after every change that a person makes
 * @param complete called with text, line, column and what takes the answer as JSON
 */
export const open = (parent, label, text, changed, complete) => {
  const comparing = new Compartment();
  const naming = new Compartment();
  const named = (name) => EditorView.contentAttributes.of({
    "aria-label": name, "aria-describedby": "profile-way-out", tabindex: "0",
  });
  const extensions = [
    lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), drawSelection(), history(),
    toml, syntaxHighlighting(classHighlighter), bracketMatching(), closeBrackets(), lintGutter(),
    autocompletion({ override: [completionsFrom(complete)], icons: false, activateOnTypingDelay: 60 }),
    EditorView.lineWrapping,
    // Tab is bound to nothing, so that it always leaves.
    keymap.of([
      ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap,
      { key: "F8", run: nextDiagnostic }, { key: "Shift-F8", run: previousDiagnostic },
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && !update.transactions.some((each) => each.annotation(byThePage))) {
        changed(update.state.doc.toString());
      }
    }),
    comparing.of([]),
    naming.of(named(label)),
  ];
  const stateOf = (content) => EditorState.create({ doc: content, extensions });
  const view = new EditorView({ state: stateOf(text), parent });
  return {
    text: () => view.state.doc.toString(),
    focus: () => view.focus(),
    // Another profile: its own undo history.
    show(name, content) {
      view.setState(stateOf(content));
      view.dispatch({ effects: naming.reconfigure(named(name)) });
    },
    // The same profile, changed by a button: Undo brings back what was there.
    replace(content) {
      const whole = { from: 0, to: view.state.doc.length, insert: content };
      view.dispatch({ changes: whole, annotations: byThePage.of(true) });
    },
    showProblems(json) {
      const problems = JSON.parse(json).filter((problem) => problem.line !== null);
      const found = problems.map((problem) => diagnostic(view.state.doc, problem));
      view.dispatch(setDiagnostics(view.state, found));
    },
    goTo(line, column) {
      view.dispatch({ selection: { anchor: offset(view.state.doc, line, column) }, scrollIntoView: true });
      view.focus();
    },
    // Beside the catalogue's text; nothing where there is none.
    compareWith(original) {
      const shown = original
        ? unifiedMergeView({ original, mergeControls: false, gutter: true })
        : [];
      view.dispatch({ effects: comparing.reconfigure(shown) });
    },
  };
};
