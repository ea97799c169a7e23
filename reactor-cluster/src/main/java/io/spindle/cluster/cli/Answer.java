// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster.cli;

import java.io.IOException;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a primary has answered: it was done. */
record Answer(JsonNode json) {

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int SHOWN_CHARACTERS = 200;
    private static final Pattern UNSEEN = Pattern.compile("[\\p{Cc}\\p{Cf}]");
    private static final Pattern UNSEEN_BUT_TABS = Pattern.compile("[\\p{Cc}\\p{Cf}&&[^\t]]");

    /**
     * Reads a line.
     *
     * @throws IOException with a message for the user: it was not done
     */
    static Answer of(String line) throws IOException {
        if (line.isEmpty()) {
            throw new GoneException("the primary has gone without an answer", null);
        }
        JsonNode json = read(line);
        if (!json.path("ok").asBoolean(false)) {
            throw new IOException(json.path("error").asString(notAnAnswer(line)));
        }
        return new Answer(json);
    }

    /** Reads a further line of an answer. */
    static JsonNode read(String line) throws IOException {
        try {
            return JSON.readTree(line);
        } catch (JacksonException e) {
            throw new IOException(notAnAnswer(line), e);
        }
    }

    private static String notAnAnswer(String line) {
        boolean isLong = line.length() > SHOWN_CHARACTERS;
        return "this is not the answer of a primary: " + (isLong ? line.substring(0, SHOWN_CHARACTERS) + "…" : line);
    }

    /** What a terminal may be given: it acts on control characters, so there are question marks instead. */
    static String plain(String text) {
        return UNSEEN.matcher(text).replaceAll("?");
    }

    /** The same of a line that was printed, which may have tabs. */
    static String plainLine(String text) {
        return UNSEEN_BUT_TABS.matcher(text).replaceAll("?");
    }

    JsonNode status() {
        return json.path("status");
    }
}
