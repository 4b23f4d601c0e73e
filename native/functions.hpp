// Elementary functions and activations on vectors. Included once a target, as simd.hpp is.
//
// exp and tanh err by at most 2 units in the last place in float32, the others by a few, but for
// the far lower tail of the normal distribution (tests/engine/test_kernel_functions.py).
// The polynomials are minimax fits (Remez) to the functions named beside them.

template <class T> struct Number;
template <> struct Number<float> {
    static constexpr int mantissa = 23, bias = 127;
    static constexpr float ln2_high = 0.693145751953125f, ln2_low = 1.42860682030941e-6f;
    static constexpr float round = 12582912.0f;  // 1.5 · 2^23: adding it leaves an integer
    static constexpr float exp_low = -104.0f, exp_high = 89.0f;
    static constexpr float tanh_low = 0.625f, tanh_high = 10.0f, expm1_low = -30.0f, expm1_high = 30.0f;
    static constexpr int32_t sqrt_half = 0x3f3504f3;
    // (e^r - 1 - r) / r² for |r| up to ln2 / 2
    static constexpr float expm1[] = {0.500000004922697635f, 0.166666668270210124f,
        0.0416663421337572103f, 0.00833327047261869209f, 0.00139420462429421245f,
        0.000199156950876335458f};
    // (log((1 + s) / (1 - s)) - 2s) / s³ as a function of s², for s up to (√2 - 1) / (√2 + 1)
    static constexpr float log[] = {0.66666779761440515f, 0.399770800312479245f,
        0.298851729236232585f};
    // (tanh(x) - x) / x³ as a function of x², for |x| up to tanh_low
    static constexpr float tanh[] = {-0.333333306296109388f, 0.133331982973979615f,
        -0.0539456899283793882f, 0.021694357632685152f, -0.00816069685418679123f,
        0.00212685347861686328f};
    // Φ(-a) e^(a²/2) (1 + a) as a function of (a - 4) / (a + 4)
    static constexpr float tail[] = {0.472053206241863259f, -0.0967034709884470318f,
        0.0139996584735198672f, 0.0286001795200189971f, -0.0321981877267377538f,
        0.0179376315921189935f, -0.00500040132844756721f, -0.000291119285731074386f,
        0.000689445966745736047f, -0.000084703113791385969f, -0.0000798233383285273594f,
        0.0000126230237701104859f, 7.24191210132485352e-6f};
    // Φ⁻¹((1 + t) / 2) / t as a function of 2 w / 15.25 - 1, w = -log(1 - t²), t to 1 - 2^-23
    static constexpr float probit[] = {3.66929126f, 1.9437474f, -0.438996464f, 0.161886126f,
        -0.0361446552f, -0.0343990028f, 0.0608885884f, -0.0542709492f, 0.0429877713f,
        -0.0245850291f, -0.0181259643f, 0.0388251133f, -0.0109249568f, -0.0104389498f,
        0.00510337716f};
};
template <> struct Number<double> {
    static constexpr int mantissa = 52, bias = 1023;
    static constexpr double ln2_high = 0.6931471803691238164901733;
    static constexpr double ln2_low = 1.9082149292705878161e-10;
    static constexpr double round = 6755399441055744.0;
    static constexpr double exp_low = -746.0, exp_high = 710.0;
    static constexpr double tanh_low = 0.625, tanh_high = 20.0, expm1_low = -60.0, expm1_high = 60.0;
    static constexpr int64_t sqrt_half = 0x3fe6a09e667f3bcd;
    static constexpr double expm1[] = {0.5, 0.166666666666666776, 0.0416666666666667052,
        0.00833333333332065511, 0.0013888888888864962, 0.000198412698888919942,
        0.0000248015873642311006, 2.75572411648076021e-6, 2.75572396398466758e-7,
        2.5110178690745286e-8, 2.09254020073127751e-9};
    static constexpr double log[] = {0.666666666666673938, 0.399999999993779282,
        0.285714287513184732, 0.222221975856192211, 0.181836190798680972,
        0.153125675287839552, 0.148115636047561089};
    static constexpr double tanh[] = {-0.33333333333333309, 0.133333333333291328,
        -0.053968253965718808, 0.0218694884593266187, -0.00886323416290045173,
        0.00359211250725432478, -0.00145571624114482046, 0.000589409985104302287,
        -0.000236893429307467597, 0.0000913471376261044469, -0.0000299713107589508824,
        5.94625716856958374e-6};
    static constexpr double tail[] = {0.472053206509844648, -0.0967034773265295059,
        0.0139996347244341297, 0.0286003640538838092, -0.0321978374284655555,
        0.0179360974708197669, -0.00500237858463478272, -0.000285622989339736185,
        0.000694897049505513692, -0.0000944309944178518682, -0.000087852910547934261,
        0.0000212531330725087467, 0.0000136260377154292691, -3.44044125110763219e-6,
        -2.61132079920216077e-6, 4.18902600255541996e-7, 5.50136222683815248e-7,
        -1.49235046588244267e-8, -1.09742497867574481e-7, -8.28473962406259361e-9,
        1.72380415163215721e-8, 1.60012264771050135e-9, -1.50810223958247603e-9};
    static constexpr double probit[] = {3.669291100013106, 1.9437500796653107,
        -0.43898175121911476, 0.16178842949987687, -0.03642726429848804, -0.0333270099625691,
        0.06285079299960109, -0.059682595991275886, 0.036815289917131386, -0.009886316652576612,
        -0.009326865465433792, 0.016433422946950167, -0.013868980282888733, 0.007381793738554819,
        -0.0007326888202236924, -0.00501121052821546, 0.005854922855900325,
        -1.1489578957605867e-05, -0.0019731476717017044, -0.004231462865781882,
        0.0032968919384085736, 0.006171471318466912, -0.005350268848245101,
        -0.0033899692307592672, 0.0036814493422145543, 0.0008641173184822442,
        -0.001211889874483336, -8.434740492266908e-05, 0.00016145900220767277};
};

template <class T, int n> INLINE Vec<T> polynomial(const T (&c)[n], Vec<T> x) {
    Vec<T> p = all<T>(c[n - 1]);
#pragma GCC unroll 32
    for (int k = n - 2; k >= 0; k--) p = p * x + c[k];
    return p;
}
template <class T> INLINE Vec<T> power_of_two(IntVec<T> n) {
    return reinterpret<Vec<T>>((n + Number<T>::bias) << Number<T>::mantissa);
}

// x = n ln2 + r with |r| at most ln2 / 2, and q = e^r - 1.
template <class T> struct Reduced {
    Vec<T> q;
    IntVec<T> n;
};
template <class T> INLINE Reduced<T> reduce(Vec<T> x) {
    using C = Number<T>;
    const Vec<T> shifted = x * T(1.4426950408889634074) + C::round;
    const Vec<T> k = shifted - C::round;
    const Vec<T> r = (x - k * C::ln2_high) - k * C::ln2_low;
    const IntVec<T> n = reinterpret<IntVec<T>>(shifted) - reinterpret<IntVec<T>>(all<T>(C::round));
    return {r + r * r * polynomial(C::expm1, r), n};
}
template <class T> INLINE Vec<T> exp(Vec<T> x) {
    const auto [q, n] =
        reduce<T>(at_least(at_most(x, all(Number<T>::exp_high)), all(Number<T>::exp_low)));
    const IntVec<T> half = n >> 1;  // in two steps, because 2^n alone may not be a normal number
    return (1 + q) * power_of_two<T>(half) * power_of_two<T>(n - half);
}
// e^x - 1; constant from where it is -1 to rounding, and of no use above expm1_high.
template <class T> INLINE Vec<T> expm1(Vec<T> x) {
    const auto [q, n] =
        reduce<T>(at_least(at_most(x, all(Number<T>::expm1_high)), all(Number<T>::expm1_low)));
    const Vec<T> power = power_of_two<T>(n);
    return power * q + (power - 1);
}
// 1 - 2 / (e^2|x| + 1), and near 0, where that would cancel, a polynomial.
template <class T> INLINE Vec<T> tanh(Vec<T> x) {
    const Vec<T> a = at_most(absolute<T>(x), all(Number<T>::tanh_high));
    const auto [q, n] = reduce<T>(2 * a);
    const Vec<T> far = with_sign_of<T>(1 - 2 / ((1 + q) * power_of_two<T>(n) + 1), x);
    const Vec<T> near = x + x * x * x * polynomial(Number<T>::tanh, x * x);
    return a < Number<T>::tanh_low ? near : far;
}
template <class T> INLINE Vec<T> sigmoid(Vec<T> x) { return 1 / (1 + exp<T>(-x)); }

// log of 2^e (1 + f), with 1 + f from √½ to √2; and that e of a number.
template <class T> INLINE Vec<T> log_of(IntVec<T> e, Vec<T> f) {
    using C = Number<T>;
    const Vec<T> k = __builtin_convertvector(e, Vec<T>);
    const Vec<T> s = f / (2 + f), z = s * s;
    return k * C::ln2_high + (f - (s * (f - z * polynomial(C::log, z)) - k * C::ln2_low));
}
template <class T> INLINE IntVec<T> exponent(Vec<T> x) {
    return (reinterpret<IntVec<T>>(x) - Number<T>::sqrt_half) >> Number<T>::mantissa;
}
template <class T> INLINE Vec<T> without_exponent(Vec<T> x, IntVec<T> e) {
    return reinterpret<Vec<T>>(reinterpret<IntVec<T>>(x) - (e << Number<T>::mantissa));
}
// log(1 + x) for x ≥ 0: what rounding took from 1 + x comes back in c.
template <class T> INLINE Vec<T> log1p(Vec<T> x) {
    const Vec<T> u = 1 + x;
    const Vec<T> c = x < 1 ? x - (u - 1) : 1 - (u - x);
    const IntVec<T> e = exponent<T>(u);
    return log_of<T>(e, (without_exponent<T>(u, e) - 1) + c * power_of_two<T>(-e));
}
template <class T> INLINE Vec<T> softplus(Vec<T> z) {
    return larger(z, Vec<T>{}) + log1p<T>(exp<T>(-absolute<T>(z)));
}

// The normal distribution and its density.
template <class T> struct Normal {
    Vec<T> below, density;
};
template <class T> INLINE Normal<T> normal(Vec<T> x) {
    const Vec<T> a = at_most(absolute<T>(x), all(T(40)));
    const Vec<T> bell = exp<T>(a * a * T(-0.5));
    const Vec<T> tail = bell * polynomial(Number<T>::tail, (a - 4) / (a + 4)) / (1 + a);
    return {x > 0 ? 1 - tail : tail, bell * T(0.398942280401432678)};
}

// Φ⁻¹((1 + t) / 2), for |t| up to 1 - 2^-23. That it is t times a smooth function of -log(1 - t²)
// is from Giles (2010), "Approximating the erfinv function".
template <class T> INLINE Vec<T> probit(Vec<T> t) {
    const Vec<T> rest = (1 - t) * (1 + t);
    const IntVec<T> e = exponent<T>(rest);
    const Vec<T> w = -log_of<T>(e, without_exponent<T>(rest, e) - 1);
    return t * polynomial(Number<T>::probit, w * T(2 / 15.25) - 1);
}

// Activations, in the order of ACTIVATIONS in kernel.cpp. `slope` is g'(z) given a = g(z); where
// `uses_z` it is taken when z is still there. At a kink it is the one from the left.
#define ACTIVATION(NAME, USES_Z, VALUE, SLOPE)                                              \
    template <class T> struct NAME {                                                        \
        static constexpr bool uses_z = USES_Z;                                              \
        static INLINE_MEMBER Vec<T> value(Vec<T> z) { return VALUE; }                       \
        static INLINE_MEMBER Vec<T> slope([[maybe_unused]] Vec<T> z,                        \
                                          [[maybe_unused]] Vec<T> a) { return SLOPE; }      \
    };
#define SELU_SCALE T(1.0507009873554805)
#define SELU_LEFT T(1.0507009873554805 * 1.6732632423543772)
ACTIVATION(Identity, false, z, all(T(1)))
ACTIVATION(Sigmoid, false, sigmoid<T>(z), a - a * a)
ACTIVATION(Tanh, false, tanh<T>(z), 1 - a * a)
ACTIVATION(Relu, false, at_least(z, Vec<T>{}), a > 0 ? all(T(1)) : Vec<T>{})
ACTIVATION(LeakyRelu, false, (z > 0 ? z : z * T(0.01)), a > 0 ? all(T(1)) : all(T(0.01)))
ACTIVATION(Elu, false, (z > 0 ? z : expm1<T>(z)), at_most(a, Vec<T>{}) + 1)
ACTIVATION(Selu, false, (z > 0 ? z * SELU_SCALE : expm1<T>(z) * SELU_LEFT),
           (a > 0 ? all(SELU_SCALE) : a + SELU_LEFT))
ACTIVATION(Softplus, false, softplus<T>(z), -expm1<T>(-a))
ACTIVATION(Gelu, true, z *normal<T>(z).below, (normal<T>(z).below + z * normal<T>(z).density))
ACTIVATION(Silu, true, z *sigmoid<T>(z), (sigmoid<T>(z) * (1 + z * (1 - sigmoid<T>(z)))))
#undef ACTIVATION

template <class T, class Body> INLINE void with_activation(int code, Body &&body) {
    switch (code) {
        case 0: return body(Identity<T>());
        case 1: return body(Sigmoid<T>());
        case 2: return body(Tanh<T>());
        case 3: return body(Relu<T>());
        case 4: return body(LeakyRelu<T>());
        case 5: return body(Elu<T>());
        case 6: return body(Selu<T>());
        case 7: return body(Softplus<T>());
        case 8: return body(Gelu<T>());
        case 9: return body(Silu<T>());
    }
}
