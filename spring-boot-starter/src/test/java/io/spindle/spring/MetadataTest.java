// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.json.JsonParserFactory;

/** What an IDE shows of our properties. */
class MetadataTest {

    private static final Path METADATA = Path.of("target/classes/META-INF/spring-configuration-metadata.json");

    @Test
    void everyPropertyHasADescriptionThatIsASentence() throws IOException {
        List<Map<String, Object>> properties = list("properties");

        assertThat(properties)
                .extracting(each -> each.get("name"))
                .contains("spindle.enabled", "spindle.offload.threads");
        assertThat(properties)
                .allSatisfy(each -> assertThat(each.get("description"))
                        .as("description of %s", each.get("name"))
                        .asString()
                        .matches("(?s)[A-Z].*[.]"));
    }

    @Test
    void everyPropertyHasADefaultOrSaysWhatItIsWithout() throws IOException {
        assertThat(list("properties"))
                .allSatisfy(each -> assertThat(each.get("defaultValue") != null
                                || String.valueOf(each.get("description")).contains("if not set"))
                        .as("default of %s", each.get("name"))
                        .isTrue());
    }

    /** When this fails: {@code cp target/spring-boot-properties.md ../docs/guide/}. */
    @Test
    void theGuideListsTheProperties() throws IOException {
        StringBuilder table =
                new StringBuilder("# The properties of the starter\n\nMade from the metadata of the starter,"
                        + " which editors show, too. Do not edit.\n\n| property | default | |\n| --- | --- | --- |\n");
        list("properties").stream()
                .map(MetadataTest::row)
                .sorted()
                .forEach(row -> table.append(row).append('\n'));
        Files.writeString(Path.of("target/spring-boot-properties.md"), table);

        assertThat(Path.of("../docs/guide/spring-boot-properties.md")).hasContent(table.toString());
    }

    private static String row(Map<String, Object> property) {
        Object value = property.get("defaultValue");
        String standard = value == null ? "" : "`" + String.valueOf(value).replaceAll("^\\[|]$", "") + "`";
        return "| `" + property.get("name") + "` | " + (standard.equals("``") ? "" : standard) + " | "
                + String.valueOf(property.get("description")).replaceAll("\\s+", " ") + " |";
    }

    @SuppressWarnings("unchecked") // the format is Boot's
    private static List<Map<String, Object>> list(String key) throws IOException {
        String text = Files.readString(METADATA, StandardCharsets.UTF_8);
        Object list = JsonParserFactory.getJsonParser().parseMap(text).get(key);
        assertThat(list).as(key).isNotNull();
        return (List<Map<String, Object>>) list;
    }
}
