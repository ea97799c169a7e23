// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.dataformat.cbor.CBORMapper;

/**
 * Payloads. No type information is ever written or believed: default typing stays off, and the reader names the class.
 * Fields that the reader does not know are skipped, so that the two ends may be of different versions.
 */
final class Cbor {

    private static final CBORMapper MAPPER = CBORMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private Cbor() {}

    private record Sample(String text, int number) {}

    /** Loads what the first message needs: some 200 ms of classes. */
    static void prepare() {
        read(write(new Sample("", 0)), Sample.class);
    }

    static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    "message of " + value.getClass() + " cannot be written as CBOR: " + e.getOriginalMessage(), e);
        }
    }

    static <T> T read(byte[] bytes, Class<T> type) {
        try {
            return MAPPER.readValue(bytes, type);
        } catch (JacksonException e) {
            throw new MessageFormatException(type, e);
        }
    }
}
