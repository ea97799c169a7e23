// SPDX-License-Identifier: Apache-2.0
package io.spindle.process.ipc;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.cfg.MapperBuilder;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.cbor.CBORMapper;

/**
 * How payloads are written; the connecting end chooses. No type information is ever written or believed: default typing
 * stays off, and the reader names the class. Fields that the reader does not know are skipped, so that the two ends may
 * be of different versions.
 */
enum Format {
    CBOR('C', CBORMapper.builder()),
    JSON('J', JsonMapper.builder());

    private final byte code;

    @SuppressWarnings("ImmutableEnumChecker") // a mapper does not change once it is built
    private final ObjectMapper mapper;

    Format(char code, MapperBuilder<?, ?> builder) {
        this.code = (byte) code;
        this.mapper = builder.disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .build();
    }

    private record Sample(String text, int number) {}

    /** Loads what the first message needs: some 200 ms of classes. */
    static void prepare() {
        for (Format format : values()) {
            format.read(format.write(new Sample("", 0)), Sample.class);
        }
    }

    /** How a preamble names it. */
    byte code() {
        return code;
    }

    static @Nullable Format of(byte code) {
        return code == CBOR.code ? CBOR : code == JSON.code ? JSON : null;
    }

    byte[] write(Object value) {
        try {
            return mapper.writeValueAsBytes(value);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    "message of " + value.getClass() + " cannot be written as " + this + ": " + e.getOriginalMessage(),
                    e);
        }
    }

    <T> T read(byte[] bytes, Class<T> type) {
        return read(bytes, (Type) type);
    }

    @SuppressWarnings("TypeParameterUnusedInFormals") // see Message.as(Type)
    <T> T read(byte[] bytes, Type type) {
        @Nullable T value;
        try {
            value = mapper.readValue(bytes, mapper.constructType(type));
        } catch (JacksonException e) {
            throw new MessageFormatException(type, e);
        }
        if (value == null) { // which a peer in another language may send
            throw new MessageFormatException(type);
        }
        return value;
    }
}
