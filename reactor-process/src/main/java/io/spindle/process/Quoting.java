// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.ArrayList;
import java.util.List;

/** Shows arguments as one would type them into a shell, for people, never for a shell; and reads what people type. */
final class Quoting {

    private static final String PLAIN = "-_./:=,+%@";

    private Quoting() {}

    static String quoted(String argument) {
        boolean plain = !argument.isEmpty()
                && argument.chars().allMatch(c -> Character.isLetterOrDigit(c) || PLAIN.indexOf(c) >= 0);
        return plain ? argument : "'" + argument.replace("'", "'\\''") + "'";
    }

    /** Parts a text at its white space, but for what is quoted. */
    static List<String> parsed(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = null; // none has begun
        char quote = 0;
        for (int i = 0; i < text.length(); i++) {
            char next = text.charAt(i);
            if (quote == 0 && Character.isWhitespace(next)) {
                if (word != null) {
                    words.add(word.toString());
                }
                word = null;
                continue;
            }
            word = word == null ? new StringBuilder() : word;
            if (next == quote) {
                quote = 0;
            } else if (quote == 0 && (next == '\'' || next == '"')) {
                quote = next;
            } else if (next == '\\' && escapes(text, i, quote)) {
                word.append(text.charAt(++i));
            } else {
                word.append(next);
            }
        }
        if (quote != 0) {
            throw new IllegalArgumentException("text must close its quote " + quote + ", was " + text);
        }
        if (word != null) {
            words.add(word.toString());
        }
        return words;
    }

    /** Whether the backslash at this place keeps the next character. */
    private static boolean escapes(String text, int at, char quote) {
        if (quote == 0 && at + 1 == text.length()) {
            throw new IllegalArgumentException("text must not end with a backslash, was " + text);
        }
        return quote == 0 || (quote == '"' && at + 1 < text.length() && "\\\"".indexOf(text.charAt(at + 1)) >= 0);
    }
}
